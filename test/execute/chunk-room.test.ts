/** A thread holds so many chunks and no more, and tensors that gather several never wait for each other. */
import { expect, it } from "vitest";
import { ChunkRoom } from "../../src/execute/chunk-room.ts";

const turn = () => new Promise(setImmediate);

it("lets in as many chunks as it has room for, and the next when one leaves", async () => {
  const room = new ChunkRoom(2);
  let inside = 0;
  const enter = async () => {
    await room.enter();
    inside += 1;
  };
  const all = [enter(), enter(), enter()];
  await turn();
  expect(inside).toBe(2);
  room.leave();
  await Promise.all(all);
  expect(inside).toBe(3);
});

it("gathers the chunks of one tensor at a time, so that tensors that fill it come to an end", async () => {
  const room = new ChunkRoom(3);
  const done: number[] = [];
  const merge = async (tensor: number) => {
    await room.inTurn(async () => {
      for (let chunk = 0; chunk < 3; chunk++) {
        await room.enter();
        await turn();
      }
    });
    // All are being written; the next tensor begins with the first that is.
    for (let chunk = 0; chunk < 3; chunk++) {
      await turn();
      room.leave();
    }
    done.push(tensor);
  };
  await Promise.all([0, 1, 2, 3].map(merge));
  expect(done).toEqual([0, 1, 2, 3]);
});

it("goes on after a tensor that failed", async () => {
  const room = new ChunkRoom(1);
  const failing = room.inTurn(() => Promise.reject(new Error("unreadable")));
  await expect(failing).rejects.toThrow("unreadable");
  await expect(room.inTurn(() => Promise.resolve("done"))).resolves.toBe("done");
});
