import { compareWithTwin } from "./compare.js";

compareWithTwin("anderson-gram");
