import { compareWithTwin } from "./compare.js";

compareWithTwin("pair-fields");
