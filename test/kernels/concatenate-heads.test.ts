import { compareWithTwin } from "./compare.js";

compareWithTwin("concatenate-heads");
