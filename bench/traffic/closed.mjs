// A closed loop in this process: `connections` kept-alive connections, the next request when the answer to the last is whole.
// usage: node bench/traffic/closed.mjs own|own-unrecorded|undici|http PORT CONNECTIONS    (ends when it is killed)
import http from 'node:http';

const [kind, port, connections] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const LOOPS = { own: () => own(() => {}), 'own-unrecorded': () => own(undefined), undici: viaUndici, http: viaHttp };
await LOOPS[kind]();

async function own(onBatch) {
  const { ownLoop } = await import('./own-loop.mjs');
  ownLoop({ port, connections, onBatch });
}

async function viaUndici() {
  const { Pool } = await import('undici');
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections, pipelining: 1 });
  const next = () => {
    pool.dispatch(
      { path: '/', method: 'GET' },
      {
        onRequestStart: () => {},
        onResponseStart: () => {},
        onResponseData: () => {},
        onResponseEnd: next,
        onResponseError(_controller, error) {
          throw error;
        },
      },
    );
  };
  for (let i = 0; i < connections; i++) next();
}

function viaHttp() {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const next = () => {
    http.get({ host: '127.0.0.1', port, path: '/', agent }, (answer) => {
      answer.resume();
      answer.once('end', next);
    });
  };
  for (let i = 0; i < connections; i++) next();
}
