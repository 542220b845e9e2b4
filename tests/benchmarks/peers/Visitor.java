import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** What is remembered of one visitor, and as which bytes? The same as streams/core/visitor.py and state.py, for one scenario. */
final class Visitor {
  static final long IDLE_MS = 30 * 60_000;
  static final long MIN_HOLD_MS = 5 * 60_000;
  static final int MAX_RECENT = 2048;
  static final int MAX_LINES = 100;
  static final int MAX_ORDERS = 16;
  static final Set<String> STOPPING = Set.of("placed", "paid", "pending");

  record Line(String productId, long quantity, Long unitPriceMinor, String currency) {}

  record Order(long digest, String id, long at, String orderId, String status) {}

  /** Journal offset that this includes; highest offset heard by source partition, as pairs; digests of the last events heard. */
  long stamp = -1;
  long[] sources = {};
  long[] recent = {};
  String contactId;
  String cartId;
  List<Line> lines = new ArrayList<>(2);
  /** Orders from before the first link. */
  List<Order> orders = new ArrayList<>(0);
  /** The open episode; dueAt 0 for none. */
  long dueAt;
  long openedAt;
  String triggerId;
  String lastId;

  /** Say whether an event was not heard before, and remember it. */
  boolean isNews(Event event, long journalOffset) {
    if (journalOffset <= stamp) {
      return false;
    }
    stamp = journalOffset;
    if (!isAboveSource(event)) {
      return false;
    }
    for (long digest : recent) {
      if (digest == event.digest) {
        return false;
      }
    }
    int first = recent.length < MAX_RECENT ? 0 : 1;
    recent = Arrays.copyOfRange(recent, first, recent.length + 1);
    recent[recent.length - 1] = event.digest;
    return true;
  }

  private boolean isAboveSource(Event event) {
    for (int place = 0; place < sources.length; place += 2) {
      if (sources[place] == event.source) {
        var isAbove = event.offset > sources[place + 1];
        sources[place + 1] = Math.max(event.offset, sources[place + 1]);
        return isAbove;
      }
    }
    sources = Arrays.copyOf(sources, sources.length + 2);
    sources[sources.length - 2] = event.source;
    sources[sources.length - 1] = event.offset;
    return true;
  }

  /** Take in an event at stream time now. */
  void hear(Event event, long now) {
    if (event.contactId != null && !event.contactId.equals(contactId)) {
      contactId = event.contactId;
      orders.clear();
    }
    var at = Math.min(event.at, now);
    switch (event.tag) {
      case Journal.CART -> changeCart(event, at, now);
      case Journal.ORDER -> order(event, at);
      default -> beActive(event.id, at, now);
    }
  }

  private void beActive(String id, long at, long now) {
    if (dueAt > 0) {
      dueAt = Math.max(dueAt, at < now ? Math.max(at + IDLE_MS, now + MIN_HOLD_MS) : at + IDLE_MS);
      lastId = id;
    }
  }

  private void changeCart(Event event, long at, long now) {
    var before = heldOf(event.productId);
    var after = quantityAfter(before, event);
    var isMore = event.action.equals("add") || after > before;
    if (event.action.equals("empty")) {
      lines.clear();
    } else {
      putLine(event, after);
    }
    cartId = event.cartId != null ? event.cartId : cartId;
    if (lines.isEmpty()) {
      endEpisode();
    } else if (dueAt == 0 && isMore) {
      openedAt = at;
      triggerId = event.id;
      dueAt = 1; // open; the activity sets the deadline
    }
    beActive(event.id, at, now);
  }

  private long heldOf(String productId) {
    for (var line : lines) {
      if (Objects.equals(line.productId, productId)) {
        return line.quantity;
      }
    }
    return 0;
  }

  private static long quantityAfter(long held, Event event) {
    return switch (event.action) {
      case "add" -> held + (event.quantity > 0 ? event.quantity : 1);
      case "remove" -> event.quantity < 0 ? 0 : Math.max(0, held - event.quantity);
      case "set" -> Math.max(0, event.quantity);
      default -> 0;
    };
  }

  private void putLine(Event event, long quantity) {
    lines.removeIf(line -> Objects.equals(line.productId, event.productId));
    if (quantity > 0) {
      lines.add(new Line(event.productId, quantity, event.unitPriceMinor, event.currency));
    }
    if (lines.size() > MAX_LINES) {
      lines.remove(0);
    }
  }

  private void order(Event event, long at) {
    if (STOPPING.contains(event.status)) {
      lines.clear();
      cartId = null;
      endEpisode();
    }
    if (event.contactId == null && contactId == null) {
      orders.add(new Order(event.digest, event.id, at, event.orderId, event.status));
      if (orders.size() > MAX_ORDERS) {
        orders.remove(0);
      }
    }
  }

  void endEpisode() {
    dueAt = openedAt = 0;
    triggerId = lastId = null;
  }

  static Visitor decoded(byte[] bytes) {
    var visitor = new Visitor();
    if (bytes != null) {
      visitor.read(ByteBuffer.wrap(bytes));
    }
    return visitor;
  }

  private void read(ByteBuffer from) {
    stamp = from.getLong();
    dueAt = from.getLong();
    openedAt = from.getLong();
    sources = longs(from);
    recent = longs(from);
    contactId = text(from);
    cartId = text(from);
    triggerId = text(from);
    lastId = text(from);
    for (int left = from.getShort(); left > 0; left--) {
      lines.add(new Line(text(from), from.getLong(), from.get() == 0 ? null : (Long) from.getLong(), text(from)));
    }
    for (int left = from.getShort(); left > 0; left--) {
      orders.add(new Order(from.getLong(), text(from), from.getLong(), text(from), text(from)));
    }
  }

  /** Far larger than the largest state; there is one stream thread, so one will do. */
  private static ByteBuffer scratch = ByteBuffer.allocate(1 << 20);

  byte[] encoded() {
    var to = scratch.clear();
    to.putLong(stamp).putLong(dueAt).putLong(openedAt);
    put(to, sources);
    put(to, recent);
    put(to, contactId);
    put(to, cartId);
    put(to, triggerId);
    put(to, lastId);
    to.putShort((short) lines.size());
    for (var line : lines) {
      put(to, line.productId);
      to.putLong(line.quantity).put((byte) (line.unitPriceMinor == null ? 0 : 1));
      if (line.unitPriceMinor != null) {
        to.putLong(line.unitPriceMinor);
      }
      put(to, line.currency);
    }
    to.putShort((short) orders.size());
    for (var order : orders) {
      put(to.putLong(order.digest), order.id);
      put(to.putLong(order.at), order.orderId);
      put(to, order.status);
    }
    return Arrays.copyOf(to.array(), to.position());
  }

  private static long[] longs(ByteBuffer from) {
    var longs = new long[from.getShort()];
    from.asLongBuffer().get(longs);
    from.position(from.position() + longs.length * Long.BYTES);
    return longs;
  }

  private static void put(ByteBuffer to, long[] longs) {
    to.putShort((short) longs.length);
    to.asLongBuffer().put(longs);
    to.position(to.position() + longs.length * Long.BYTES);
  }

  private static String text(ByteBuffer from) {
    int length = from.getShort();
    if (length < 0) {
      return null;
    }
    var text = new String(from.array(), from.position(), length, StandardCharsets.UTF_8);
    from.position(from.position() + length);
    return text;
  }

  private static void put(ByteBuffer to, String text) {
    if (text == null) {
      to.putShort((short) -1);
    } else {
      var bytes = text.getBytes(StandardCharsets.UTF_8);
      to.putShort((short) bytes.length).put(bytes);
    }
  }
}
