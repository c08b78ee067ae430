import { compareWithTwin } from "./compare.js";

compareWithTwin("sphere-sample");
