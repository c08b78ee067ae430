import { compareWithTwin } from "./compare.js";

compareWithTwin("attention-field-binary");
