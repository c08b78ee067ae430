import { compareWithTwin } from "./compare.js";

compareWithTwin("attention-couplings");
