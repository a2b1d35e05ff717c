namespace Assay.Data;

/// <summary>The formats of <see cref="TableFile"/>.</summary>
public enum TableFormat
{
    /// <summary>Delimited text with a header line, UTF-8; comma, tab, semicolon or bar.</summary>
    Csv,
    /// <summary>Delimited text with tabs.</summary>
    Tsv,
    /// <summary>Apache Parquet with flat columns.</summary>
    Parquet,
    /// <summary>One JSON object a line.</summary>
    JsonLines,
    /// <summary>One NumPy array.</summary>
    Npy,
    /// <summary>Several named NumPy arrays of as many rows.</summary>
    Npz,
}

internal static class TableFormats
{
    /// <summary>Tells the format from the first bytes where they say so, else from the extension (with or without .gz).</summary>
    public static TableFormat Detect(string name, ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("PAR1"u8))
            return TableFormat.Parquet;
        if (head is [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', ..])
            return TableFormat.Npy;
        var extension = OfExtension(name);
        if (head.StartsWith("PK\x3\x4"u8) || head.StartsWith("PK\x5\x6"u8))
            return extension is TableFormat.Npz ? TableFormat.Npz : throw new InvalidDataException($"{name}: a ZIP archive; only .npz archives of NumPy arrays are read");
        if (head.IsEmpty)
            throw new InvalidDataException($"{name}: the file is empty");
        return extension switch
        {
            TableFormat.Parquet => throw new InvalidDataException($"{name}: not a Parquet file (it does not start with PAR1)"),
            TableFormat.Npy => throw new InvalidDataException($"{name}: not a NumPy file (it does not start with \\x93NUMPY)"),
            TableFormat.Npz => throw new InvalidDataException($"{name}: not a NumPy archive (it does not start as a ZIP file)"),
            { } format => format,
            null => head.TrimStart(" \t\r\n\uFEFF"u8).StartsWith("{"u8) ? TableFormat.JsonLines : TableFormat.Csv,
        };
    }

    /// <summary>The format that an extension names, or null.</summary>
    public static TableFormat? OfExtension(string name)
    {
        if (name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            name = name[..^3];
        return Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".csv" => TableFormat.Csv,
            ".tsv" or ".tab" => TableFormat.Tsv,
            ".parquet" or ".pq" => TableFormat.Parquet,
            ".jsonl" or ".ndjson" => TableFormat.JsonLines,
            ".npy" => TableFormat.Npy,
            ".npz" => TableFormat.Npz,
            _ => null,
        };
    }
}
