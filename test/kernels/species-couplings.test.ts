import { compareWithTwin } from "./compare.js";

compareWithTwin("species-couplings");
