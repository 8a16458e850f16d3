/** sluice: Go-grade channels between Node.js threads, in shared memory. */

export { type ChannelRefCodec, channelRef } from './channel/channel-ref.ts';
export { select, selectSync, trySelect } from './channel/select/select.ts';
export { after, at, never, tick } from './channel/select/timers.ts';
export type {
  Due,
  DueHit,
  ReceivedHit,
  SelectCase,
  SelectCases,
  Selected,
  Sent,
  SentHit,
} from './channel/select/types.ts';
export type {
  Channel,
  ChannelOptions,
  Delivery,
  Levels,
  Overflow,
  ReceiveResult,
  Receiver,
  Sender,
  SyncWaitOptions,
  Topology,
} from './channel/types.ts';
export {
  type BlobCodec,
  type BlobOptions,
  bytes,
  custom,
  type FixedBytesCodec,
  json,
  structured,
  utf8,
} from './codec/blob.ts';
export type { Codec, CustomCodec, ValueOf } from './codec/codec.ts';
export { lease } from './codec/lease.ts';
export { bool, f64, i32, i64, u32 } from './codec/scalars.ts';
export { type StructCodec, type StructFields, type StructValue, struct } from './codec/struct.ts';
export * from './errors.ts';
export type { WaitOptions } from './park/deadline.ts';
export type { Scope, ScopeOptions } from './park/scope.ts';
export type { Lease } from './pool/lease.ts';
export type { BufferPool, PoolStats } from './pool/pool.ts';
export { channel } from './supervisor/default.ts';
export type { Level } from './supervisor/levels.ts';
export type { Recovered } from './supervisor/recovery.ts';
export type { AttachOptions, Shared } from './supervisor/shared.ts';
export type { ChannelSnapshot, Snapshot, ThreadSnapshot } from './supervisor/snapshot.ts';
export {
  Supervisor,
  type SupervisorEvents,
  type SupervisorOptions,
  type ThreadPool,
} from './supervisor/supervisor.ts';
export { execArgvFor } from './supervisor/typescript.ts';
export type { SpawnOptions, WorkerGroup } from './supervisor/workers.ts';
export { attach } from './sync/attach.ts';
