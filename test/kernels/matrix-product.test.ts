import { compareWithTwin } from "./compare.js";

compareWithTwin("matrix-product");
