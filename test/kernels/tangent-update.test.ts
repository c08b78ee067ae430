import { compareWithTwin } from "./compare.js";

compareWithTwin("tangent-update");
