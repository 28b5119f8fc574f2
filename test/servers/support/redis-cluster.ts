import { freePort } from './child.js';
import { RedisServer } from './redis-server.js';

const SLOTS = ['0 5460', '5461 10922', '10923 16383'];

/** A Redis Cluster of three nodes, each with a third of the slots. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[];

  static async start(...options: readonly string[]): Promise<RedisCluster> {
    const busPorts = await Promise.all(SLOTS.map(freePort));
    const nodes = await Promise.all(
      busPorts.map((busPort) =>
        RedisServer.start('--cluster-enabled', 'yes', '--cluster-port', `${busPort}`, ...options),
      ),
    );
    const cluster = new RedisCluster(nodes);
    for (const [index, node] of nodes.entries()) {
      await node.command(`CLUSTER ADDSLOTSRANGE ${SLOTS[index]}`);
      await node.command(`CLUSTER SET-CONFIG-EPOCH ${index + 1}`);
      await node.command(`CLUSTER MEET 127.0.0.1 ${nodes[0]?.port} ${busPorts[0]}`);
    }
    await cluster.ready();
    return cluster;
  }

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  get urls(): string[] {
    return this.nodes.map(({ url }) => url);
  }

  /** Waits until each node knows all slots. */
  async ready(): Promise<void> {
    for (const node of this.nodes) await node.answers('CLUSTER INFO', isReady);
  }

  /** Ends all nodes, calls `whileDown` once, and starts the nodes again. */
  async restart(signal: 'SIGTERM' | 'SIGKILL', whileDown: () => Promise<unknown>): Promise<void> {
    const allDown = barrier(this.nodes.length, whileDown);
    await Promise.all(this.nodes.map((node) => node.restart(signal, allDown)));
    await this.ready();
  }

  async suspended(meanwhile: () => Promise<unknown>): Promise<void> {
    const allStopped = barrier(this.nodes.length, meanwhile);
    await Promise.all(this.nodes.map((node) => node.suspended(allStopped)));
    await this.ready();
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

function isReady(info: string): boolean {
  return ['cluster_state:ok', 'cluster_slots_ok:16384', 'cluster_size:3'].every((line) => info.includes(line));
}

/** Returns a function. After the given number of calls of this function, the task runs once, and all calls resolve. */
function barrier(callers: number, task: () => Promise<unknown>): () => Promise<unknown> {
  let waiting = callers;
  let start = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    start = resolve;
  }).then(task);
  return () => {
    waiting -= 1;
    if (waiting === 0) start();
    return done;
  };
}
