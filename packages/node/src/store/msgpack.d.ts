/** What the declarations of @msgpack/msgpack take from the DOM's library, which is not here. */
type BufferSource = ArrayBufferView | ArrayBuffer;
