import { compareWithTwin } from "./compare.js";

compareWithTwin("gaussian-couplings");
