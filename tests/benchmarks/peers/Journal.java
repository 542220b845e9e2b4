import java.io.IOException;
import java.nio.ByteBuffer;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.core.buffer.ArrayBufferInput;

/** How does the journal spell its records? See streams/core/events.py: MessagePack arrays, the first element says what it is. */
final class Journal {
  static final int VIEW = 1;
  static final int CART = 2;
  static final int ORDER = 3;
  static final int TICK = 9;

  private final ArrayBufferInput input = new ArrayBufferInput(new byte[0]);
  private final MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(input);

  Event decoded(byte[] bytes) {
    try {
      input.reset(bytes);
      unpacker.reset(input);
      return read();
    } catch (IOException error) {
      throw new IllegalArgumentException(error);
    }
  }

  private Event read() throws IOException {
    var event = new Event();
    unpacker.unpackArrayHeader();
    event.tag = unpacker.unpackInt();
    if (event.tag == TICK) {
      return event;
    }
    event.id = unpacker.unpackString();
    event.digest = ByteBuffer.wrap(unpacker.readPayload(unpacker.unpackBinaryHeader())).getLong();
    event.at = unpacker.unpackLong();
    event.source = unpacker.unpackLong();
    event.offset = unpacker.unpackLong();
    event.contactId = text();
    if (event.tag == CART) {
      event.action = unpacker.unpackString();
      event.productId = text();
      event.quantity = unpacker.tryUnpackNil() ? -1 : unpacker.unpackLong();
      event.unitPriceMinor = unpacker.tryUnpackNil() ? null : (Long) unpacker.unpackLong();
      event.currency = text();
      event.cartId = text();
    } else if (event.tag == ORDER) {
      event.orderId = unpacker.unpackString();
      event.status = unpacker.unpackString();
    }
    return event;
  }

  private String text() throws IOException {
    return unpacker.tryUnpackNil() ? null : unpacker.unpackString();
  }
}
