import * as appAttest from 'app-attest';
import * as expressAdapter from 'app-attest/express';
import * as fastifyAdapter from 'app-attest/fastify';
import * as honoAdapter from 'app-attest/hono';
import * as http from 'app-attest/http';
import * as server from 'app-attest/server';
import * as testing from 'app-attest/testing';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { serveProtectedRoutes } from './serve-protected-routes.cjs';

await serveProtectedRoutes({
  ...appAttest,
  ...server,
  ...http,
  ...expressAdapter,
  ...fastifyAdapter,
  ...honoAdapter,
  ...testing,
  express,
  Fastify,
  Hono,
});
