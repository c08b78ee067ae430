import { compareWithTwin } from "./compare.js";

compareWithTwin("softmax");
