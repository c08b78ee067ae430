import { compareWithTwin } from "./compare.js";

compareWithTwin("binary-sample");
