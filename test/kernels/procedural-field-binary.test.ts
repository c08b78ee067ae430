import { compareWithTwin } from "./compare.js";

compareWithTwin("procedural-field-binary");
