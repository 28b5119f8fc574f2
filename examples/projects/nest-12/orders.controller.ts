import { Body, Controller, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import type { StoredKey } from 'app-attest/server';
import { AppAttestGuard, AttestedKey } from './app-attest.guard.js';

@Controller('orders')
@UseGuards(AppAttestGuard)
export class OrdersController {
  @Post()
  @HttpCode(200)
  order(@Body() { item }: { item: string }, @AttestedKey() { keyId }: StoredKey) {
    return { ordered: item, by: keyId };
  }

  @Get(':id')
  find(@Param('id') id: string, @AttestedKey() { keyId }: StoredKey) {
    return { order: id, by: keyId };
  }
}
