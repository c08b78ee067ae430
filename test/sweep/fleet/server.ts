/** A Redis or Valkey server of the tests' own, in memory only. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = ["valkey-server", "redis-server"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);

/** Why there are no tests of the queue; undefined where there is a server. */
export const missing =
  program === undefined
    ? "neither valkey-server nor redis-server is installed (apt-get install redis-server)"
    : undefined;

if (missing !== undefined && process.env.ONSAGER_REQUIRE_REDIS === "1") throw new Error(missing);

const tls = fileURLToPath(new URL("tls", import.meta.url));

/** For `NODE_EXTRA_CA_CERTS` of processes that speak TLS with the server. */
export const certificate = join(tls, "certificate.pem");

export interface Server {
  readonly port: number;
  /** Kills it, with all that it remembers. */
  readonly kill: () => Promise<void>;
}

export async function startServer(
  folder: string,
  {
    port,
    password,
    secure = false,
  }: { readonly port?: number; readonly password?: string; readonly secure?: boolean } = {},
): Promise<Server> {
  const at = port ?? (await freePort());
  const ports = secure
    ? ["--port", "0", "--tls-port", `${at}`, "--tls-cert-file", certificate, "--tls-key-file", join(tls, "key.pem")]
    : ["--port", `${at}`];
  const words = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder, ...ports];
  if (secure) words.push("--tls-auth-clients", "no");
  if (password !== undefined) words.push("--requirepass", password);
  const child = spawn(program ?? "redis-server", words, { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await answering(at, child);
  return {
    port: at,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
