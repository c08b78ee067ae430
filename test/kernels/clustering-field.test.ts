import { compareWithTwin } from "./compare.js";

compareWithTwin("clustering-field");
