import { compareWithTwin } from "./compare.js";

compareWithTwin("reduce");
