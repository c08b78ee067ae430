import { compareWithTwin } from "./compare.js";

compareWithTwin("component-gram");
