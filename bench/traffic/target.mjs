import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What every client gets, from either server: small, with the headers a rollproof scenario looks at. */
const BODY = 'ok';
const STATS_PATH = '/stats';

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === 'serve') serve();

/**
 * The server all clients are measured against, in a process of its own on 127.0.0.1: one nginx worker, or where there is no
 * nginx a raw Node server (said in `name`). `served()` counts the requests answered so far, whoever sent them.
 */
export async function startTarget() {
  const nginx = ['nginx', '/usr/sbin/nginx'].find((name) => spawnSync(name, ['-v']).status === 0);
  return nginx === undefined ? nodeTarget() : nginxTarget(nginx);
}

async function nginxTarget(program) {
  const dir = mkdtempSync(join(tmpdir(), 'rollproof-bench-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${dir}/${name};`)
    .join(' ');
  writeFileSync(
    join(dir, 'nginx.conf'),
    `daemon off; master_process off; worker_processes 1; pid ${dir}/pid; error_log ${dir}/error.log;
events { worker_connections 16384; multi_accept on; }
http {
  access_log off; ${temporary} keepalive_requests 1000000000; keepalive_timeout 600s; default_type text/plain;
  server {
    listen 127.0.0.1:${port} backlog=8192;
    location = ${STATS_PATH} { stub_status; }
    location / { add_header X-Target a; add_header X-Version 1; return 200 "${BODY}"; }
  }
}
`,
  );
  const child = spawn(program, ['-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')], { stdio: 'ignore' });
  const target = {
    name: 'one nginx worker',
    port,
    pid: child.pid,
    // `accepts handled requests` stand in the third line; our own question is one of them.
    served: async () => Number((await ask(port)).split('\n')[2].trim().split(/\s+/)[2]),
    stop: () => stopped(child, dir),
  };
  await answers(target, child);
  return target;
}

async function nodeTarget() {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'serve'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const port = await new Promise((resolve) => child.once('message', resolve));
  return {
    name: 'a Node server (no nginx found: it takes several times nginx’s CPU, only ratios count)',
    port,
    pid: child.pid,
    served: async () => Number(await ask(port)),
    stop: () => stopped(child, null),
  };
}

/** Answers without parsing: requests of these clients come whole, one at a time on a connection. */
function serve() {
  const answer = (body) =>
    Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nServer: bench\r\nX-Target: a\r\nX-Version: 1\r\n\r\n${body}`,
    );
  const ok = answer(BODY);
  let served = 0;
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('data', (data) => {
      socket.write(data.includes(`GET ${STATS_PATH} `) ? answer(String(served)) : ok);
      served++;
      if (data.includes('Connection: close') || data.includes('connection: close')) socket.end();
    });
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1', 8192, () => process.send(server.address().port));
  process.on('disconnect', () => process.exit());
}

function ask(port) {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path: STATS_PATH, agent: false }, (answer) => {
        let text = '';
        answer.on('data', (part) => {
          text += part;
        });
        answer.on('end', () => resolve(text));
      })
      .once('error', reject);
  });
}

async function answers(target, child) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await target.served();
    } catch (cause) {
      if (attempt > 100 || child.exitCode !== null) throw new Error('the target does not answer', { cause });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function stopped(child, dir) {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await gone;
  if (dir !== null) rmSync(dir, { recursive: true, force: true });
}

/** A port of 127.0.0.1 that nobody listens on right now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
