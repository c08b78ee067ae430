/** Symmetric couplings: amp and its time index, the Plefka free energy against enumeration, and the inverse problem. */
import { plefkaFreeEnergy } from "../../physics/free-energy.js";
import { type InverseMethod, inferCouplings } from "../../reference/inverse-problem.js";
import { STREAMS, uniformMatrix } from "../../reference/random.js";
import { dot, flat, largestError, type Oracle, type OracleBench } from "./bench.js";
import { readCase } from "./case-files.js";

interface Sk {
  data: {
    amp: {
      beta: number;
      h: number;
      q: number;
      q_SE_from_q0_1: number[];
      rho_SE: number[];
      q_onsager_wrong_time_index: number[];
    }[];
    small_N_exact: {
      J: number[][];
      rows: { beta: number; h: number; free_energy: number; energy: number; m: number[] }[];
    };
  };
}

interface Inverse {
  data: {
    inverse_problem: {
      scale: number;
      m: number[];
      C: number[][];
      D: number[][];
      J_true: number[][];
      J_est: Record<"nMF" | "TAP" | "Gaussian", number[][]>;
      rmse: Record<"nMF" | "TAP" | "Gaussian", number>;
    }[];
  };
}

const readSk = () => readCase<Sk>("kinetic/sk-rs-and-amp").data;

async function stateEvolution(bench: OracleBench): Promise<void> {
  const count = bench.sized(1000, 4000);
  const draws = uniformMatrix(1, count, { seed: 5, stream: STREAMS.initial, sample: 0 });
  const initial = [...draws].map((u) => (u < 0.5 ? 1 : -1));
  for (const { beta, h, q, q_SE_from_q0_1, rho_SE, q_onsager_wrong_time_index } of readSk().amp) {
    const trajectoryOf = async (closure: "amp" | "naive", start: readonly number[]) => {
      const input = {
        spins: { kind: "binary", count },
        beta,
        couplings: { kind: "gaussian", std: 1, symmetry: 1 },
        // The field of the table is that of the argument.
        field: { kind: "constant", value: h / beta },
        initial: start,
        seed: 3,
      };
      const { trajectory = [] } = await bench.run(input, { closure, run: { steps: 12 }, trajectory: true });
      return [Float64Array.from(start), ...trajectory];
    };
    const overlaps = (states: Float64Array[]) => states.map((state) => dot(state, state) / count);
    const width = 4 / Math.sqrt(count);
    const at = `beta ${beta}, h ${h}`;
    bench.within(`overlaps of amp, ${at}`, overlaps(await trajectoryOf("amp", initial)), q_SE_from_q0_1, width);
    // From m_i = √q the overlap stays, and that of successive states rises to it.
    const states = await trajectoryOf("amp", new Array<number>(count).fill(Math.sqrt(q)));
    const successive = states.slice(1).map((state, k) => dot(state, states[k]) / count);
    bench.within(`overlaps of successive states of amp, ${at}`, successive, rho_SE.slice(0, 12), width);
    // Without the echo, or with that of m(k) for m(k-1), the overlaps are further off than that.
    const naive = overlaps(await trajectoryOf("naive", initial));
    bench.holds(`naive, which lacks the echo, is told apart, ${at}`, largestError(naive, q_SE_from_q0_1) > width);
    const wrong = largestError(q_onsager_wrong_time_index, q_SE_from_q0_1);
    bench.holds(`the echo of m(k) is told apart, ${at}`, wrong > width);
    if (beta !== 0.8) continue;
    bench.within(`overlap of naive after seven steps, ${at}`, naive[7], 0.375, width);
  }
}

/** Means, F/N and the energy by enumeration of E = -½ Σ J_ij s_i s_j - h Σ s_i. */
function enumerate(matrix: number[][], field: number, beta: number): { means: number[]; free: number; energy: number } {
  const sites = matrix.length;
  const sums = new Array<number>(sites).fill(0);
  let [partition, total] = [0, 0];
  for (let configuration = 0; configuration < 2 ** sites; configuration++) {
    const spins = matrix.map((_, i) => ((configuration >> i) % 2 === 1 ? 1 : -1));
    const energy = matrix.reduce((sum, row, i) => sum - spins[i] * (0.5 * dot(row, spins) + field), 0);
    const weight = Math.exp(-beta * energy);
    partition += weight;
    total += energy * weight;
    spins.forEach((spin, i) => (sums[i] += spin * weight));
  }
  const free = -Math.log(partition) / beta / sites;
  return { means: sums.map((sum) => sum / partition), free, energy: total / partition / sites };
}

async function tenSites(bench: OracleBench): Promise<void> {
  const { J, rows } = readSk().small_N_exact;
  for (const { beta, h, free_energy, energy, m } of rows) {
    const exact = enumerate(J, h, beta);
    bench.within(`means by enumeration, beta ${beta}, h ${h}`, exact.means, m, 1e-12);
    bench.within(`free energy by enumeration, beta ${beta}, h ${h}`, exact.free, free_energy, 1e-12);
    bench.within(`energy by enumeration, beta ${beta}, h ${h}`, exact.energy, energy, 1e-12);
  }
  const steady = (beta: number, closure: "naive" | "tap" | "amp") => {
    const input = {
      spins: { kind: "binary", count: 10 },
      beta,
      couplings: { kind: "dense", matrix: J },
      field: { kind: "constant", value: 0.3 },
      initial: { kind: "constant", value: 0.5 },
    };
    return bench.run(input, { closure, run: { steady: closure === "amp" ? {} : { damping: 0.5 } } });
  };
  const couplings = Float64Array.from(flat(J));
  const field = new Float64Array(10).fill(0.3);
  for (const [beta, closure, distance, energy] of [
    [0.25, "tap", 6.0e-4, -4.4e-4],
    [0.25, "naive", 5.7e-3, 5.3e-2],
    [0.5, "tap", 6.2e-3, -3.9e-3],
    [0.5, "naive", 4.3e-2, 0.1],
  ] as const) {
    const row = rows.find((other) => other.beta === beta && other.h === 0.3);
    if (row === undefined) throw new Error(`small_N_exact has no row beta ${beta}, h 0.3`);
    const { state, status } = await steady(beta, closure);
    bench.holds(`${closure} converges, beta ${beta}`, status === "converged");
    bench.within(
      `distance of ${closure} from exact means, beta ${beta}`,
      largestError(state, row.m),
      distance,
      0.05 * distance,
    );
    const order = closure === "tap" ? 2 : 1;
    const free = plefkaFreeEnergy(order, { couplings, field, means: state, beta }) - row.free_energy;
    bench.within(`free energy of ${closure} less the exact one, beta ${beta}`, free, energy, 0.05 * Math.abs(energy));
    if (closure === "naive") continue;
    const amp = await steady(beta, "amp");
    const found = amp.status === "converged" ? amp.state : [NaN];
    bench.within(`amp settles where tap does, beta ${beta}`, found, state, bench.allow(1e-12, 3e-6));
  }
  for (const beta of [1, 2]) {
    const { status, residual } = await steady(beta, "amp");
    bench.holds(`amp does not settle and says so, beta ${beta}`, status === "cycle" || status === "max-iter");
    bench.between(`residual of amp, beta ${beta}`, residual, 1e-3, 2);
  }
}

const METHODS = { naive: "nMF", tap: "TAP", "gaussian-field": "Gaussian" } as const satisfies Record<
  InverseMethod,
  string
>;

function inverseProblem(bench: OracleBench): Promise<void> {
  const { inverse_problem } = readCase<Inverse>("kinetic/kinetic-ising-exact-small-N").data;
  for (const { scale, m, C, D, J_true, J_est, rmse } of inverse_problem) {
    const moments = {
      means: Float64Array.from(m),
      equalTime: Float64Array.from(flat(C)),
      delayed: Float64Array.from(flat(D)),
    };
    for (const [method, name] of Object.entries(METHODS) as [InverseMethod, "nMF" | "TAP" | "Gaussian"][]) {
      const found = inferCouplings(method, moments);
      bench.within(`couplings by ${method}, scale ${scale}`, found, J_est[name], 1e-10);
      const errors = flat(J_true).map((value, k) => found[k] - value);
      const rms = Math.sqrt(dot(errors, errors) / errors.length);
      bench.within(`rms error of ${method}, scale ${scale}`, rms, rmse[name], 1e-10);
    }
  }
  return Promise.resolve();
}

export const symmetricSkOracles: readonly Oracle[] = [
  {
    id: "F6",
    title: "couplings from exact means and correlations",
    reference: "8; kinetic-ising-exact-small-N",
    float64Only: true,
    run: inverseProblem,
  },
  { id: "J1", title: "amp follows its state evolution", reference: "4.7; sk-rs-and-amp", run: stateEvolution },
  { id: "J3", title: "ten symmetric sites against enumeration", reference: "4.7, 10.5; sk-rs-and-amp", run: tenSites },
];
