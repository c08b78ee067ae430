import { compareWithTwin } from "./compare.js";

compareWithTwin("field-sphere");
