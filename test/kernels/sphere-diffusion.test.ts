import { compareWithTwin } from "./compare.js";

compareWithTwin("sphere-diffusion");
