using System.Text;
using Assay.Statistics;

namespace Assay.Benchmarks;

/// <summary>Damages a file as broken disks, careless editors and wrong exports do: bytes of any file; cells, lines and numbers of a text.</summary>
internal static class Mutation
{
    private static readonly string[] Awkward =
    [
        "", "NaN", "nan", "inf", "-Infinity", "-1", "0", "1", "1e400", "-1e-400", "1e308", "0.5", "1.0000001", "2", "3.7", "007", "0x1F", "1,5", "1_000", "true", "null", "[]", "{}",
        "\"", "\"\"", "'", "\\", "\t", "\r", "\n", "\0", "\uFEFF", "\u202E", "😀", "é", "9999999999999999999", "2147483648", "-2147483649", "id", "label", "p_0", "a", "b", " ", "   x",
    ];

    private static readonly char[] Separators = [',', '\t', '\n', '\r', ';', ':', ' ', '"', '{', '}', '[', ']'];

    /// <summary>One to four edits; of a text every second time edits of its cells and lines.</summary>
    public static byte[] Of(byte[] original, bool isText, SeededRandom random)
    {
        var edits = random.Next(2) == 0 ? 1 : 2 + random.Next(3);
        if (isText && random.Next(3) > 0)
            return Encoding.UTF8.GetBytes(OfText(Encoding.UTF8.GetString(original), edits, random));
        return OfBytes(original, edits, random);
    }

    private static byte[] OfBytes(byte[] original, int edits, SeededRandom random)
    {
        var bytes = original.ToList();
        for (; edits > 0 && bytes.Count > 0; edits--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(bytes.Count - at, 1 + random.Next(8));
            switch (random.Next(9))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    for (var i = 0; i < length; i++)
                        bytes[at + i] = 0xFF;
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 4:
                    bytes.RemoveRange(at, length);
                    break;
                case 5:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, 64)));
                    break;
                case 6:
                    for (var i = 0; i < length; i++)
                        bytes[at + i] = 0;
                    break;
                case 7:
                    bytes.InsertRange(at, "\",\n\t[{0e"u8.ToArray().AsSpan(0, length).ToArray());
                    break;
                default:
                    // A varint or a little-endian size near the top of its range.
                    byte[] large = random.Next(2) == 0 ? [0xFF, 0xFF, 0xFF, 0xFF, 0x0F] : [0xFF, 0xFF, 0xFF, 0x7F];
                    for (var i = 0; i < large.Length && at + i < bytes.Count; i++)
                        bytes[at + i] = large[i];
                    break;
            }
        }
        return [.. bytes];
    }

    private static string OfText(string text, int edits, SeededRandom random)
    {
        for (; edits > 0 && text.Length > 0; edits--)
        {
            var lines = text.Split('\n');
            var line = random.Next(lines.Length);
            switch (random.Next(15))
            {
                case > 10: // a digit becomes another
                    var digits = Enumerable.Range(0, text.Length).Where(i => char.IsAsciiDigit(text[i])).ToArray();
                    if (digits.Length > 0 && digits[random.Next(digits.Length)] is var digit)
                        text = string.Concat(text.AsSpan(0, digit), $"{random.Next(10)}", text.AsSpan(digit + 1));
                    break;
                case 0: // a line twice
                    text = string.Join('\n', [.. lines[..(line + 1)], .. lines[line..]]);
                    break;
                case 1: // a line lost
                    text = string.Join('\n', [.. lines[..line], .. lines[(line + 1)..]]);
                    break;
                case 2: // two lines exchanged
                    var other = random.Next(lines.Length);
                    (lines[line], lines[other]) = (lines[other], lines[line]);
                    text = string.Join('\n', lines);
                    break;
                case 3: // Windows' line ends
                    text = text.Replace("\n", "\r\n", StringComparison.Ordinal);
                    break;
                case 4: // a line without its end
                    lines[line] = lines[line][..random.Next(lines[line].Length + 1)];
                    text = string.Join('\n', lines);
                    break;
                default: // a cell, key or number becomes another
                    var (start, end) = Cell(text, random.Next(text.Length));
                    var replacement = random.Next(3) > 0 ? Awkward[random.Next(Awkward.Length)] : Cell(text, random.Next(text.Length)) is var (s, e) ? text[s..e] : "";
                    text = string.Concat(text.AsSpan(0, start), replacement, text.AsSpan(end));
                    break;
            }
        }
        return text;
    }

    private static (int Start, int End) Cell(string text, int at)
    {
        var start = at == 0 ? 0 : text.LastIndexOfAny(Separators, at - 1) + 1;
        var end = text.IndexOfAny(Separators, at);
        return (start, end < 0 ? text.Length : end);
    }
}
