const appAttest = require('app-attest');
const server = require('app-attest/server');
const http = require('app-attest/http');
const expressAdapter = require('app-attest/express');
const fastifyAdapter = require('app-attest/fastify');
const honoAdapter = require('app-attest/hono');
const testing = require('app-attest/testing');
const express = require('express');
const Fastify = require('fastify');
const { Hono } = require('hono');
const { serveProtectedRoutes } = require('./serve-protected-routes.cjs');

serveProtectedRoutes({
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
