import { compareWithTwin } from "./compare.js";

compareWithTwin("deflate");
