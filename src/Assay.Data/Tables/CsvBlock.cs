using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;

namespace Assay.Data;

/// <summary>What the cells of a column are read as. The order is that of generality.</summary>
internal enum ColumnKind : byte
{
    Skip,
    Float,
    Double,
    Text,
}

/// <summary>What the readers of delimited text know of each column before they read.</summary>
/// <param name="Source">The file, for messages.</param>
/// <param name="Names">The column names.</param>
/// <param name="MustBeNumeric">Whether a cell that is no number is an error.</param>
/// <param name="SinglePrecision">Whether numbers are always read in single precision.</param>
/// <param name="Delimiter">The delimiter.</param>
internal sealed record CsvLayout(string Source, ImmutableArray<string> Names, bool[] MustBeNumeric, bool SinglePrecision, byte Delimiter);

/// <summary>Where and why a line cannot be read; the line counts from the start of the block.</summary>
internal sealed record CsvFault(int Line, string Message);

/// <summary>The rows of a stretch of delimited text without quotes, by column.</summary>
internal sealed unsafe class CsvBlock(CsvLayout layout)
{
    private readonly UTF8Encoding utf8 = new(false, throwOnInvalidBytes: true);
    private readonly TextCache[] caches = new TextCache[layout.Names.Length];

    /// <summary>What each column was read as.</summary>
    public ColumnKind[] Kinds { get; private set; } = [];

    /// <summary>What each column must be read as for nothing to be lost, at least <see cref="Kinds"/>.</summary>
    public ColumnKind[] Needed { get; private set; } = [];

    /// <summary>The values of each column: float[], double[] or string[], or null where it is skipped.</summary>
    public Array?[] Values { get; } = new Array?[layout.Names.Length];

    public int Rows { get; private set; }

    public CsvFault? Fault { get; private set; }

    /// <summary>Reads all lines; where a column turns out to need another kind, reads them once more.</summary>
    /// <param name="start">The start of a line.</param>
    /// <param name="end">The end of a line. A line feed follows.</param>
    /// <param name="kinds">What to read each column as.</param>
    public void Parse(byte* start, byte* end, ReadOnlySpan<ColumnKind> kinds)
    {
        Needed = kinds.ToArray();
        Pass(start, end);
        if (Fault is null && !Kinds.AsSpan().SequenceEqual(Needed))
            Pass(start, end);
    }

    private void Pass(byte* start, byte* end)
    {
        Kinds = [.. Needed];
        var lines = new ReadOnlySpan<byte>(start, (int)(end - start)).Count((byte)'\n') + 1;
        for (var c = 0; c < Kinds.Length; c++)
        {
            Values[c] = Kinds[c] switch
            {
                ColumnKind.Float => GC.AllocateUninitializedArray<float>(lines),
                ColumnKind.Double => GC.AllocateUninitializedArray<double>(lines),
                ColumnKind.Text => new string[lines],
                _ => null,
            };
        }
        int row = 0, line = 0;
        for (var p = start; p < end; line++)
        {
            if (*p == '\n' || (*p == '\r' && p[1] == '\n'))
            {
                p += *p == '\n' ? 1 : 2;
                continue;
            }
            p = ParseLine(p, row);
            if (p is null)
            {
                Fault = Fault! with { Line = line };
                return;
            }
            row++;
        }
        Rows = row;
    }

    private byte* ParseLine(byte* p, int row)
    {
        var last = Kinds.Length - 1;
        for (var c = 0; c <= last; c++)
        {
            if (Kinds[c] is ColumnKind.Float or ColumnKind.Double)
            {
                var single = Kinds[c] == ColumnKind.Float;
                var after = CsvNumber.Parse(p, layout.SinglePrecision, out var value, out var precise);
                if (after is not null && (c == last ? *after == '\n' || (*after == '\r' && after[1] == '\n') : *after == layout.Delimiter))
                {
                    if (single)
                        Unsafe.As<float[]>(Values[c]!)[row] = (float)value;
                    else
                        Unsafe.As<double[]>(Values[c]!)[row] = value;
                    if (precise && single && !layout.SinglePrecision && Needed[c] == ColumnKind.Float)
                        Needed[c] = ColumnKind.Double;
                    p = after + (*after == '\r' ? 2 : 1);
                    continue;
                }
            }
            p = ParseCell(p, row, c, c == last);
            if (p is null)
                return null;
        }
        return p;
    }

    // The slow way: texts, missing values, and numbers written in unusual ways.
    private byte* ParseCell(byte* p, int row, int c, bool isLast)
    {
        var q = p;
        while (*q != layout.Delimiter && *q != '\n')
            q++;
        var end = *q == '\n' && q > p && q[-1] == '\r' ? q - 1 : q;
        if (isLast != (*q == '\n'))
            return Ragged(q, c);
        var cell = new ReadOnlySpan<byte>(p, (int)(end - p));
        switch (Kinds[c])
        {
            case ColumnKind.Text:
                try
                {
                    Unsafe.As<string[]>(Values[c]!)[row] = (caches[c] ??= new TextCache(utf8)).Get(cell);
                }
                catch (DecoderFallbackException)
                {
                    return Fail($"column '{layout.Names[c]}': not UTF-8 text; save the file as UTF-8");
                }
                break;
            case ColumnKind.Float or ColumnKind.Double:
                if (!CsvNumber.TryParse(cell, out var value, out var precise))
                {
                    if (layout.MustBeNumeric[c])
                        return Fail($"column '{layout.Names[c]}': '{Show(cell)}' is not a number");
                    Needed[c] = ColumnKind.Text;
                }
                else if (Kinds[c] == ColumnKind.Double)
                    Unsafe.As<double[]>(Values[c]!)[row] = value;
                else
                {
                    Unsafe.As<float[]>(Values[c]!)[row] = (float)value;
                    if (precise && !layout.SinglePrecision && Needed[c] == ColumnKind.Float)
                        Needed[c] = ColumnKind.Double;
                }
                break;
            default:
                break;
        }
        return q + 1;
    }

    private byte* Ragged(byte* q, int c)
    {
        var cells = c + 1;
        for (; *q != '\n'; q++)
            cells += *q == layout.Delimiter ? 1 : 0;
        return Fail(RaggedMessage(layout, cells));
    }

    public static string RaggedMessage(CsvLayout layout, int cells) => cells < layout.Names.Length
        ? $"column '{layout.Names[cells]}': the line has only {cells} cells, {layout.Names.Length} were expected"
        : $"after column '{layout.Names[^1]}': the line has {cells} cells, {layout.Names.Length} were expected";

    public static string Show(ReadOnlySpan<byte> cell) => Encoding.UTF8.GetString(cell.Length > 40 ? cell[..40] : cell) + (cell.Length > 40 ? "…" : "");

    private byte* Fail(string message)
    {
        Fault = new CsvFault(0, message);
        return null;
    }

    /// <summary>Gives equal short texts the same string: columns of categories then take little memory.</summary>
    private sealed class TextCache(Encoding encoding)
    {
        private const int Size = 512;
        private readonly string?[] entries = new string?[Size];

        public string Get(ReadOnlySpan<byte> cell)
        {
            if (cell.IsEmpty)
                return "";
            if (cell.Length > 32)
                return encoding.GetString(cell);
            var hash = 2166136261u;
            foreach (var b in cell)
                hash = (hash ^ b) * 16777619u;
            ref var entry = ref entries[(hash ^ (hash >> 15)) & (Size - 1)];
            return entry is not null && Ascii.Equals(cell, entry) ? entry : entry = encoding.GetString(cell);
        }
    }
}
