import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * How would Kafka Streams notice abandoned carts?
 *
 * <p>Reads the journal itself: same topic, same bytes, same keys. Does what a visitor's half of detection does: state per visitor behind
 * a changelog, duplicates recognised by stamp, source stamp and recent ids, deadlines in stream time, fired before the record that moved
 * the time. Says each candidate, under the id that Relance gives it, on {@code relance.decisions}.
 *
 * <p>Does less than Relance: asks no contact (consent, purchases elsewhere, pressure), so writes no notices to the journal and reads none
 * back, and forgets nobody. At least once, nothing holds the changelog back until what followed is out, and stream time starts anew after a
 * restart; exactly once has a transaction for the first, and the second still holds.
 *
 * <p>Does more: a changelog record for each event where nothing is cached, or each second's last one for each visitor where it is; Relance
 * writes one for each subject and fetched batch. What it says of a linked visitor's cart is longer than a decision: it has the cart in it.
 *
 * <p>Arguments: bootstrap namespace memory|rocksdb cache-bytes at_least_once|exactly_once_v2 directory metrics-port.
 */
public final class CartPeer {
  static final String STORE = "subjects";
  static final AtomicLong EVENTS = new AtomicLong();
  static final AtomicLong CANDIDATES = new AtomicLong();

  public static void main(String[] words) throws Exception {
    var namespace = words[1];
    var streams = new KafkaStreams(topology(namespace, words[2], Long.parseLong(words[3])), properties(words));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(8))));
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          Runtime.getRuntime().halt(1);
          throw new IllegalStateException(error);
        });
    serveMetrics(Integer.parseInt(words[6]));
    streams.start();
  }

  static Topology topology(String namespace, String kind, long cacheBytes) {
    var supplier = kind.equals("memory") ? Stores.inMemoryKeyValueStore(STORE) : Stores.persistentKeyValueStore(STORE);
    var store = Stores.keyValueStoreBuilder(supplier, Serdes.Bytes(), Serdes.ByteArray()).withLoggingEnabled(Map.of());
    var bytes = new ByteArrayDeserializer();
    return new Topology()
        .addSource("journal", bytes, bytes, namespace + "relance.journal")
        .addProcessor("detect", Detect::new, "journal")
        .addStateStore(cacheBytes > 0 ? store.withCachingEnabled() : store.withCachingDisabled(), "detect")
        .addSink("decisions", namespace + "relance.decisions", new ByteArraySerializer(), new ByteArraySerializer(), "detect");
  }

  static Properties properties(String[] words) {
    var properties = new Properties();
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, words[0]);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, words[1] + "peer");
    properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, words[3]);
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, words[4]);
    properties.put(StreamsConfig.STATE_DIR_CONFIG, words[5]);
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
    properties.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000);
    properties.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    properties.put(StreamsConfig.consumerPrefix("max.poll.records"), 5000);
    properties.put(StreamsConfig.consumerPrefix("max.partition.fetch.bytes"), 4 << 20);
    properties.put(StreamsConfig.producerPrefix("acks"), "all");
    properties.put(StreamsConfig.producerPrefix("linger.ms"), 20);
    properties.put(StreamsConfig.producerPrefix("batch.size"), 1 << 20);
    properties.put(StreamsConfig.producerPrefix("buffer.memory"), 128 << 20);
    return properties;
  }

  static void serveMetrics(int port) throws IOException {
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.createContext(
        "/metrics",
        exchange -> {
          var text = "peer_events_total " + EVENTS.get() + "\npeer_candidates_total " + CANDIDATES.get() + "\n";
          exchange.sendResponseHeaders(200, text.length());
          exchange.getResponseBody().write(text.getBytes(StandardCharsets.UTF_8));
          exchange.close();
        });
    server.start();
  }

  /** When to look at a visitor. */
  record Deadline(long at, Bytes key) implements Comparable<Deadline> {
    public int compareTo(Deadline other) {
      return at != other.at ? Long.compare(at, other.at) : key.compareTo(other.key);
    }
  }

  /** What follows from one partition of the journal. */
  static final class Detect implements Processor<byte[], byte[], byte[], byte[]> {
    final PriorityQueue<Deadline> deadlines = new PriorityQueue<>();
    final Journal journal = new Journal();
    final ObjectMapper json = new ObjectMapper();
    ProcessorContext<byte[], byte[]> context;
    KeyValueStore<Bytes, byte[]> store;
    long now = -1;

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
      this.context = context;
      store = context.getStateStore(STORE);
      try (var all = store.all()) {
        all.forEachRemaining(kept -> arm(Visitor.decoded(kept.value).dueAt, kept.key));
      }
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      if (record.timestamp() > now) {
        now = record.timestamp();
        fire();
      }
      var event = journal.decoded(record.value());
      if (event.tag != Journal.TICK) {
        hear(Bytes.wrap(record.key()), event, context.recordMetadata().get().offset());
      }
      EVENTS.setRelease(EVENTS.getPlain() + 1);
    }

    void hear(Bytes key, Event event, long offset) {
      var visitor = Visitor.decoded(store.get(key));
      if (!visitor.isNews(event, offset)) {
        return;
      }
      var before = visitor.dueAt;
      visitor.hear(event, now);
      if (before == 0) { // one that was only pushed back keeps its place, and moves on when that comes up
        arm(visitor.dueAt, key);
      }
      store.put(key, visitor.encoded());
    }

    void arm(long at, Bytes key) {
      if (at > 0) {
        deadlines.add(new Deadline(at, key));
      }
    }

    void fire() {
      while (!deadlines.isEmpty() && deadlines.peek().at <= now) {
        var due = deadlines.poll();
        var visitor = Visitor.decoded(store.get(due.key));
        if (visitor.dueAt == due.at) {
          say(due.key, visitor);
          visitor.endEpisode();
          store.put(due.key, visitor.encoded());
        } else {
          arm(visitor.dueAt, due.key);
        }
      }
    }

    void say(Bytes key, Visitor visitor) {
      try {
        var candidate = Candidate.of(new String(key.get(), StandardCharsets.UTF_8), visitor, now);
        context.forward(new Record<>(candidate.subject(), json.writeValueAsBytes(candidate), now));
        CANDIDATES.setRelease(CANDIDATES.getPlain() + 1);
      } catch (IOException error) {
        throw new IllegalStateException(error);
      }
    }
  }
}
