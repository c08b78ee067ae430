import { compareWithTwin } from "./compare.js";

compareWithTwin("random-couplings");
