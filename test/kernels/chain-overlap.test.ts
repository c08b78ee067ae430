import { compareWithTwin } from "./compare.js";

compareWithTwin("chain-overlap");
