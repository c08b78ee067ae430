import { compareWithTwin } from "./compare.js";

compareWithTwin("clustering-map");
