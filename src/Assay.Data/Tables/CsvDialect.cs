using System.Collections.Immutable;
using System.Text;

namespace Assay.Data;

/// <summary>What a delimited text says about itself at its start: delimiter, column names, where the rows begin.</summary>
/// <param name="Delimiter">The delimiter.</param>
/// <param name="Names">The column names.</param>
/// <param name="BodyOffset">The offset of the first row.</param>
/// <param name="BodyLine">The line number of the first row, from 1.</param>
/// <param name="Plain">Whether the text is UTF-8 with line feeds, so that the fast reader can take it as long as no quotes occur.</param>
internal sealed record CsvDialect(char Delimiter, ImmutableArray<string> Names, long BodyOffset, int BodyLine, bool Plain)
{
    private const int SampleLines = 50;
    private static readonly char[] Delimiters = [',', '\t', ';', '|'];

    public static CsvDialect Detect(ByteSource source, TableFormat format, TableReadOptions options)
    {
        var head = ReadHead(source, out var skip, out var encoding);
        var text = Decode(source, encoding, head);
        var whole = source.Length <= skip + head.Length;
        var lines = Lines(text, whole);
        if (lines.Count == 0)
            throw new InvalidDataException($"{source.Name}: the file has no lines");
        var delimiter = options.Delimiter ?? (format == TableFormat.Tsv ? '\t' : Sniff(lines));
        if (delimiter is '"' or '\n' or '\r' or > '\x7F')
            throw new ArgumentException($"a delimiter must be one ASCII character other than a quote or line end, not '{delimiter}'", nameof(options));
        var first = Cells(lines[0].Text, delimiter);
        var hasHeader = options.HasHeader ?? !IsData(first);
        var names = hasHeader ? NameAll(first) : NameAll([.. first.Select(_ => "")]);
        var duplicate = names.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
        if (duplicate is not null)
            throw new InvalidDataException($"{source.Name}: line {lines[0].Line}: column '{duplicate.Key}' occurs {duplicate.Count()} times");
        var plain = encoding is null && (text.Contains('\n', StringComparison.Ordinal) || !text.Contains('\r', StringComparison.Ordinal));
        var header = lines[0];
        // The offset counts bytes, so it is exact only where the text is UTF-8; elsewhere the quoted reader starts at the top.
        var offset = skip + Encoding.UTF8.GetByteCount(text.AsSpan(0, hasHeader ? header.End : header.Start));
        return new CsvDialect(delimiter, names, plain ? offset : hasHeader ? 1 : 0, hasHeader ? header.Line + header.LineCount : header.Line, plain);
    }

    /// <summary>Opens a reader of the rows, in the file's own encoding.</summary>
    public StreamReader OpenText(ByteSource source, long offset)
    {
        var utf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);
        if (Plain)
            return new StreamReader(source.OpenStream(offset), utf8, detectEncodingFromByteOrderMarks: offset == 0, 1 << 16);
        return new StreamReader(source.OpenStream(), utf8, detectEncodingFromByteOrderMarks: true, 1 << 16);
    }

    // The first 64 KiB, or as much as the first line takes.
    private static byte[] ReadHead(ByteSource source, out int skip, out Encoding? encoding)
    {
        for (var size = 1 << 16; ; size *= 8)
        {
            var head = new byte[Math.Min(size, source.Length)];
            _ = source.Read(0, head);
            (encoding, skip) = head switch
            {
                [0xEF, 0xBB, 0xBF, ..] => (null, 3),
                [0xFF, 0xFE, ..] => (Encoding.Unicode, 2),
                [0xFE, 0xFF, ..] => (Encoding.BigEndianUnicode, 2),
                _ => ((Encoding?)null, 0),
            };
            var body = head.AsSpan(skip);
            if (head.Length >= source.Length || body.Contains((byte)'\n') || body.Contains((byte)'\r'))
                return body.ToArray();
            if (size > 1 << 27)
                throw new InvalidDataException($"{source.Name}: the first line is longer than {size >> 20} MiB; this is no table of text");
        }
    }

    private static string Decode(ByteSource source, Encoding? encoding, ReadOnlySpan<byte> head)
    {
        if (encoding is not null)
            return encoding.GetString(head[..(head.Length & ~1)]);
        if (head.Contains((byte)0))
            throw new InvalidDataException($"{source.Name}: contains zero bytes; this is no table of text");
        // The sample may end inside a character, so the last three bytes may be wrong.
        var text = Encoding.UTF8.GetString(head);
        var bad = text.IndexOf('\uFFFD', StringComparison.Ordinal);
        while (bad >= 0 && bad < text.Length - 3 && head.IndexOf("\uFFFD"u8) >= 0)
            bad = text.IndexOf('\uFFFD', bad + 1);
        if (bad >= 0 && bad < text.Length - 3)
            throw new InvalidDataException($"{source.Name}: line {text.AsSpan(0, bad).Count('\n') + 1}: not UTF-8 text; save the file as UTF-8");
        return bad >= 0 ? text[..bad] : text;
    }

    private readonly record struct SampleLine(string Text, int Start, int End, int Line, int LineCount);

    // Logical lines: a line end inside quotes belongs to the cell. Blank lines are left out.
    private static List<SampleLine> Lines(string text, bool whole)
    {
        var lines = new List<SampleLine>();
        int start = 0, line = 1, lineCount = 1;
        var quoted = false;
        for (var i = 0; i < text.Length && lines.Count < SampleLines; i++)
        {
            // A quote inside an unquoted cell (5" pipe) opens nothing.
            if (text[i] == '"' && (quoted || i == start || Delimiters.Contains(text[i - 1])))
                quoted = !quoted;
            if (text[i] is not ('\n' or '\r') || (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n'))
                continue;
            if (quoted)
            {
                lineCount++;
                continue;
            }
            Add(i, i + 1);
            line += lineCount;
            lineCount = 1;
            start = i + 1;
        }
        if (start < text.Length && lines.Count < SampleLines && (whole || lines.Count == 0))
            Add(text.Length, text.Length);
        return lines;

        void Add(int end, int next)
        {
            var content = text[start..end].TrimEnd('\r');
            if (content.Length > 0)
                lines.Add(new SampleLine(content, start, next, line, lineCount));
        }
    }

    // The delimiter that occurs equally often in every line, the most frequent such; else the most frequent in the first line.
    private static char Sniff(List<SampleLine> lines)
    {
        var best = ',';
        var bestScore = 0L;
        foreach (var delimiter in Delimiters)
        {
            var counts = lines.Select(l => (long)Cells(l.Text, delimiter).Count - 1).ToArray();
            var score = counts[0] * 2;
            if (score > 0 && counts.All(c => c == counts[0]))
                score += 1L << 40;
            if (score > bestScore)
                (best, bestScore) = (delimiter, score);
        }
        return best;
    }

    private static List<string> Cells(string line, char delimiter)
    {
        var cells = new List<string>();
        var cell = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (quoted && c == '"' && i + 1 < line.Length && line[i + 1] == '"')
                cell.Append(line[++i]);
            else if (c == '"' && (quoted || cell.Length == 0))
                quoted = !quoted;
            else if (c == delimiter && !quoted)
            {
                cells.Add(cell.ToString());
                cell.Clear();
            }
            else
                cell.Append(c);
        }
        cells.Add(cell.ToString());
        return cells;
    }

    private static bool IsData(List<string> cells)
    {
        if (!cells.TrueForAll(c => c.Length > 0 && CsvNumber.TryParse(Encoding.UTF8.GetBytes(c), out var v, out _) && double.IsFinite(v)))
            return false;
        for (var start = 0; start <= 1; start++)
        {
            var counts = cells.Count > 1;
            for (var i = 0; i < cells.Count && counts; i++)
                counts = cells[i].Trim() == (i + start).ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (counts)
                return false;
        }
        return true;
    }

    private static ImmutableArray<string> NameAll(List<string> cells) =>
        [.. cells.Select((c, i) => c.Trim() is { Length: > 0 } name ? name : $"column{i + 1}")];
}
