package com.circleci.runnerinit.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CStringsTest {
  /** Bytes that begin, go on or break off sequences of UTF-8. */
  private static final int[] TELLING = {
    0x00, 0x2f, 0x41, 0x7f, 0x80, 0x9f, 0xa0, 0xb0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe2, 0xed,
    0xee, 0xef, 0xf0, 0xf3, 0xf4, 0xf5, 0xfe, 0xff
  };

  @Test
  void shouldDecodeValidTextAsItIs() {
    String text = "/caf\u00e9/\u20ac/\ud83d\udc10/\ufffd\0";

    assertThat(CStrings.decode(text.getBytes(UTF_8))).isEqualTo(text);
    assertThat(CStrings.encode(text)).isEqualTo(text.getBytes(UTF_8));
  }

  @ParameterizedTest
  @CsvSource({
    "2f636166e9, /caf\\udce9",
    "ff2d62696e, \\udcff-bin",
    "c080, \\udcc0\\udc80", // overlong
    "e08080, \\udce0\\udc80\\udc80",
    "eda080, \\udced\\udca0\\udc80", // a surrogate
    "edb0ff, \\udced\\udcb0\\udcff",
    "f4908080, \\udcf4\\udc90\\udc80\\udc80", // above U+10FFFF
    "e282, \\udce2\\udc82", // broken off
    "e28241, \\udce2\\udc82A",
    "f09f41, \\udcf0\\udc9fA",
    "f09f9090ff, \\ud83d\\udc10\\udcff",
    "efbfbdff, \\ufffd\\udcff",
  })
  void shouldEscapeEachByteThatIsNoPartOfUtf8(String hex, String escaped) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    String text = unescape(escaped);

    assertThat(CStrings.decode(bytes)).isEqualTo(text);
    assertThat(CStrings.encode(text)).isEqualTo(bytes);
  }

  @Test
  void shouldEncodeWhateverBytesItDecoded() {
    Random random = new Random(1);
    for (int run = 0; run < 200_000; run++) {
      byte[] bytes = new byte[random.nextInt(12)];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] =
            (byte) (run % 2 == 0 ? TELLING[random.nextInt(TELLING.length)] : random.nextInt());
      }

      String text = CStrings.decode(bytes);

      assertThat(CStrings.encode(text)).isEqualTo(bytes);
      // ASCII and whole characters are never escaped.
      assertThat(CStrings.withoutEscapes(text).codePoints().filter(c -> c < 0x80).count())
          .isEqualTo(
              java.util.stream.IntStream.range(0, bytes.length).filter(i -> bytes[i] >= 0).count());
    }
  }

  @Test
  void shouldReplaceLoneSurrogatesOnly() {
    assertThat(CStrings.withoutEscapes("a\udcffb\ud800c\ud83d\udc10\ud83d"))
        .isEqualTo("a\ufffdb\ufffdc\ud83d\udc10\ufffd");
  }

  private static String unescape(String text) {
    return java.util.regex.Pattern.compile("\\\\u([0-9a-f]{4})")
        .matcher(text)
        .replaceAll(match -> String.valueOf((char) Integer.parseInt(match.group(1), 16)));
  }
}
