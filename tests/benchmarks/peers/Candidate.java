import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.crypto.digests.Blake2bDigest;

/** What is said of an abandoned cart: the fields of a decision (streams/core/decisions.py), and what a contact would be asked with. */
record Candidate(
    String relaunch_id,
    String shop_id,
    String contact_id,
    String visitor_id,
    String scenario,
    int step,
    String decision,
    long trigger_at,
    long decided_at,
    List<String> evidence,
    long due_at,
    String cart_id,
    List<Visitor.Line> lines) {
  static final String SCENARIO = "cart-reminder";

  /** Return the candidate of the visitor with a subject's key, visitor:shop:id. */
  static Candidate of(String key, Visitor visitor, long now) {
    var parts = key.split(":", 3);
    var evidence = visitor.lastId.equals(visitor.triggerId) ? List.of(visitor.triggerId) : List.of(visitor.triggerId, visitor.lastId);
    return new Candidate(
        relaunchId(parts[1], visitor), parts[1], visitor.contactId, parts[2], SCENARIO, 1,
        visitor.contactId == null ? "no_contact" : "candidate",
        visitor.openedAt, now, evidence, visitor.dueAt, visitor.cartId, visitor.lines);
  }

  byte[] subject() {
    return ("contact:" + shop_id + ":" + (contact_id == null ? "" : contact_id)).getBytes(StandardCharsets.UTF_8);
  }

  private static String relaunchId(String shopId, Visitor visitor) {
    var parts = String.join("\u001f", shopId, visitor.contactId == null ? "" : visitor.contactId, SCENARIO, visitor.triggerId, "1");
    var digest = new Blake2bDigest(128);
    var bytes = parts.getBytes(StandardCharsets.UTF_8);
    digest.update(bytes, 0, bytes.length);
    var id = new byte[16];
    digest.doFinal(id, 0);
    return HexFormat.of().formatHex(id);
  }
}
