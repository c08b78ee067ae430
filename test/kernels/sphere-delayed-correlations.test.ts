import { compareWithTwin } from "./compare.js";

compareWithTwin("sphere-delayed-correlations");
