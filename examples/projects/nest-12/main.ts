import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppAttestModule } from './app-attest.module.js';
import { OrdersController } from './orders.controller.js';

@Module({ imports: [AppAttestModule], controllers: [OrdersController] })
class AppModule {}

async function start(): Promise<void> {
  // rawBody keeps the bytes that the app signed. The body parser of Nest runs before guards.
  const app = await NestFactory.create(AppModule, { rawBody: true });
  app.enableShutdownHooks(); // SIGTERM ends the server, and then the pool
  await app.listen(process.env.PORT ?? 3000);
}

void start();
