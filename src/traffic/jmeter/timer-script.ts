import type { Lane } from '../../domain/sample.js';

export interface TimerLane {
  readonly name: Lane;
  readonly ratePerSecond: number;
  readonly holdMs: readonly [number, number] | null;
  /** Where to connect to, drawn at random per arrival. */
  readonly places: readonly { readonly ip: string; readonly port: number | string }[];
  /** 0, 1, 2: makes the request numbers of the three lanes differ. */
  readonly sequence: number;
}

/** How long a plan goes on where neither it nor property `duration` says so. */
export const DEFAULT_SECONDS = 600;
/** An arrival overdue by more is not sent, as in the embedded engine: a burst after a stall would test something else. */
const OVERDUE_MS = 200;

/** A delay that is longer than any plan: JMeter ends a thread that would wait beyond its end. */
const NEVER_MS = 86_400_000 * 365;

/**
 * Groovy of the timer before each request: an open model in a tool that has none with kept-alive connections. All threads
 * of a lane share a counter; the free thread that sent last takes the next arrival, due at start + (n + U) / rate, waits until
 * then and names its successor. Last in, first out, as connection pools are: in turn, hundreds of threads would each use their
 * connection every few seconds only, and a peer that closes idle ones sooner would never meet a kept-alive request.
 * What nobody was free for in time is skipped and counted in the next row (`rp` = lane|number|due|skipped).
 * With property `rollproof.go` the first arrival waits for that file, whose text is when to start (wall ms).
 * @param seconds how long the plan goes on; null = as property `duration` says.
 */
export function timerScript(lane: TimerLane, seconds: number | null): string {
  const [minHold, maxHold] = lane.holdMs ?? [0, 0];
  const places = lane.places.map(({ ip, port }) => `['${quoted(ip)}', '${port}']`).join(', ');
  return `import java.util.concurrent.atomic.AtomicReference
import java.util.concurrent.locks.LockSupport
def places = [${places}]
double slot = ${1000 / lane.ratePerSecond}d
def gate = props.computeIfAbsent('rollproof.${lane.name}', {
  double seconds = ${seconds === null ? `Double.parseDouble(props.getProperty('duration', '${DEFAULT_SECONDS}'))` : `${seconds}d`}
  return [next: 0L, start: 0d, random: new Random(), idle: new ArrayDeque(), turn: new AtomicReference(),
    end: System.currentTimeMillis() + seconds * 1000d]
})
def me = Thread.currentThread()
synchronized (gate) {
  if (gate.start == 0d) {
    def start = props.computeIfAbsent('rollproof.start', {
      def file = props.getProperty('rollproof.go')
      if (file == null) return System.currentTimeMillis() + 500d
      def go = new File(file)
      new File(file + '.ready').createNewFile()
      while (!go.exists() || go.length() == 0L) Thread.sleep(20)
      return Double.parseDouble(go.text.trim())
    })
    gate.start = start as double
  }
  if (!gate.turn.compareAndSet(null, me)) gate.idle.push(me)
}
while (gate.turn.get() != me) {
  LockSupport.parkNanos(2_000_000_000L)
  if (!me.isInterrupted() && System.currentTimeMillis() <= gate.end) continue
  synchronized (gate) {
    if (gate.turn.get() != me) {
      gate.idle.remove(me)
      return ${NEVER_MS}L
    }
  }
}
long number = 0; double due = 0; int skipped = -1
try {
  while (skipped < 0 || due < System.currentTimeMillis() - ${OVERDUE_MS}) {
    skipped++
    number = gate.next++
    due = gate.start + (number + gate.random.nextDouble()) * slot
  }
  def place = places[gate.random.nextInt(places.size())]
  vars.put('host', place[0]); vars.put('port', place[1])
  vars.put('hold', String.valueOf(${minHold} + gate.random.nextInt(${maxHold - minHold + 1})))
  vars.put('seq', String.valueOf(number * 3 + ${lane.sequence}))
  vars.put('rp', '${lane.name}|' + number + '|' + String.format(Locale.ROOT, '%.3f', due) + '|' + skipped)
  double until = Math.min(due, gate.end)
  for (double now = System.currentTimeMillis(); now < until && !me.isInterrupted(); now = System.currentTimeMillis())
    LockSupport.parkNanos((until - now) * 1_000_000d as long)
} finally {
  synchronized (gate) {
    def next = gate.idle.poll()
    gate.turn.set(next)
    if (next != null) LockSupport.unpark(next)
  }
}
return due > gate.end ? ${NEVER_MS}L : 0L
`;
}

/** Inside a single-quoted Groovy text. */
function quoted(text: string): string {
  return text.replace(/[\\']/g, '\\$&');
}
