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

/** An arrival overdue by more is not sent, as in the embedded engine: a burst after a stall would test something else. */
const OVERDUE_MS = 200;

/**
 * Groovy of the timer before each request: an open model in a tool that has none with kept-alive connections. All threads
 * of a lane share a counter; a free thread takes the next arrival, due at start + (n + U) / rate, and sleeps until then.
 * What nobody was free for in time is skipped and counted in the next row (`rp` = lane|number|due|skipped).
 * With property `rollproof.go` the first arrival waits for that file, whose text is when to start (wall ms).
 */
export function timerScript(lane: TimerLane): string {
  const [minHold, maxHold] = lane.holdMs ?? [0, 0];
  const places = lane.places.map(({ ip, port }) => `['${quoted(ip)}', '${port}']`).join(', ');
  return `def places = [${places}]
double slot = ${1000 / lane.ratePerSecond}d
def gate = props.computeIfAbsent('rollproof.${lane.name}', { [next: 0L, start: 0d, random: new Random()] })
long number; double due; int skipped = 0
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
  number = gate.next++
  due = gate.start + (number + gate.random.nextDouble()) * slot
  while (due < System.currentTimeMillis() - ${OVERDUE_MS}) {
    skipped++
    number = gate.next++
    due = gate.start + (number + gate.random.nextDouble()) * slot
  }
  def place = places[gate.random.nextInt(places.size())]
  vars.put('host', place[0]); vars.put('port', place[1])
  vars.put('hold', String.valueOf(${minHold} + gate.random.nextInt(${maxHold - minHold + 1})))
}
vars.put('seq', String.valueOf(number * 3 + ${lane.sequence}))
vars.put('rp', '${lane.name}|' + number + '|' + String.format(Locale.ROOT, '%.3f', due) + '|' + skipped)
return Math.max(0L, Math.ceil(due - System.currentTimeMillis()) as long)
`;
}

/** Inside a single-quoted Groovy text. */
function quoted(text: string): string {
  return text.replace(/[\\']/g, '\\$&');
}
