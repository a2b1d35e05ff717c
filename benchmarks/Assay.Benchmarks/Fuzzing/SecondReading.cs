using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Assay.Benchmarks;

/// <summary>
/// A plain second reading of prediction files, which shares no code with Assay's readers: slow, strict, and silent (null) wherever a damaged
/// file leaves room for doubt. What Assay makes of an accepted file must agree with it.
/// </summary>
internal static class SecondReading
{
    /// <summary>Rows of named cells.</summary>
    internal sealed record Cells(string[] Names, List<string[]> Rows)
    {
        public int Of(string name) => Array.IndexOf(Names, name);
    }

    /// <summary>Classes, their probabilities and the labels.</summary>
    internal sealed record Scored(string[] Classes, double[][] Scores, int[] Labels)
    {
        public double Accuracy => Scores.Zip(Labels, (row, label) => Array.IndexOf(row, row.Max()) == label ? 1.0 : 0).Average();

        public double Brier => Scores.Zip(Labels, (row, label) => row.Length == 2
            ? Math.Pow(row[1] - (label == 1 ? 1 : 0), 2)
            : row.Select((p, c) => Math.Pow(p - (c == label ? 1 : 0), 2)).Sum()).Average();
    }

    /// <summary>RFC 4180, and nothing that it leaves open: every row as long as the first, quotes only around whole cells.</summary>
    public static Cells? Csv(byte[] bytes, char delimiter)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
        if (text.Any(c => (char.IsControl(c) && c is not ('\n' or '\r' or '\t')) || c == '\uFEFF'))
            return null;
        var rows = new List<string[]>();
        var (row, cell, at) = (new List<string>(), new StringBuilder(), 0);
        while (at < text.Length)
        {
            if (text[at] == '"')
            {
                if (cell.Length > 0)
                    return null;
                for (at++; ; at++)
                {
                    if (at >= text.Length)
                        return null;
                    if (text[at] != '"')
                        cell.Append(text[at]);
                    else if (at + 1 < text.Length && text[at + 1] == '"')
                        cell.Append(text[at++]);
                    else
                        break;
                }
                at++;
                if (at < text.Length && text[at] != delimiter && text[at] != '\n' && text[at] != '\r')
                    return null;
            }
            else if (text[at] == delimiter)
            {
                row.Add(cell.ToString());
                cell.Clear();
                at++;
            }
            else if (text[at] is '\n' or '\r')
            {
                if (text[at] == '\r' && (at + 1 >= text.Length || text[at + 1] != '\n'))
                    return null;
                at += text[at] == '\r' ? 2 : 1;
                row.Add(cell.ToString());
                cell.Clear();
                rows.Add([.. row]);
                row.Clear();
            }
            else
                cell.Append(text[at++]);
        }
        if (row.Count > 0 || cell.Length > 0)
            rows.Add([.. row, cell.ToString()]);
        rows.RemoveAll(r => r is [""]);
        return rows.Count < 2 || rows.Any(r => r.Length != rows[0].Length) || rows[0].Distinct().Count() != rows[0].Length ? null : new Cells(rows[0], rows[1..]);
    }

    /// <summary>One flat object a line, all with the same fields.</summary>
    public static Cells? JsonLines(byte[] bytes)
    {
        var rows = new List<string[]>();
        string[]? names = null;
        foreach (var line in Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            try
            {
                using var json = JsonDocument.Parse(line);
                if (json.RootElement.ValueKind != JsonValueKind.Object)
                    return null;
                var fields = json.RootElement.EnumerateObject().ToArray();
                names ??= [.. fields.Select(f => f.Name)];
                if (!names.SequenceEqual(fields.Select(f => f.Name)) || names.Distinct().Count() != names.Length)
                    return null;
                rows.Add([.. fields.Select(f => f.Value.ValueKind switch
                {
                    JsonValueKind.String => f.Value.GetString()!,
                    JsonValueKind.Number => f.Value.GetRawText(),
                    _ => "",
                })]);
            }
            catch (JsonException)
            {
                return null;
            }
        }
        return names is null ? null : new Cells(names, rows);
    }

    /// <summary>A whole Parquet file by Parquet.Net alone, which Assay uses as well, but column by column, in row groups and with checks before it.</summary>
    public static async Task<Cells?> Parquet(byte[] bytes)
    {
        try
        {
            using var stream = new MemoryStream(bytes);
            await using var reader = await global::Parquet.ParquetReader.CreateAsync(stream);
            var fields = reader.Schema.DataFields;
            var columns = fields.Select(_ => new List<string>()).ToArray();
            for (var g = 0; g < reader.RowGroupCount; g++)
            {
                using var group = reader.OpenRowGroupReader(g);
                for (var f = 0; f < fields.Length; f++)
                {
                    if (await Column(group, fields[f], (int)group.RowCount) is not { } values || values.Length != group.RowCount)
                        return null;
                    columns[f].AddRange(values);
                }
            }
            return columns[0].Count == 0 || columns.Any(c => c.Count != columns[0].Count) ? null
                : new Cells([.. fields.Select(f => f.Name)], [.. Enumerable.Range(0, columns[0].Count).Select(i => columns.Select(c => c[i]).ToArray())]);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return null;
        }
    }

    private static async Task<string[]?> Column(global::Parquet.ParquetRowGroupReader group, global::Parquet.Schema.DataField field, int rows)
    {
        if (field.ClrType == typeof(float) && !field.IsNullable)
        {
            var values = new float[rows];
            await group.ReadAsync<float>(field, values);
            return Array.ConvertAll(values, v => v.ToString("R", CultureInfo.InvariantCulture));
        }
        if (field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>))
        {
            var texts = new string?[rows];
            await group.ReadAsync(field, texts);
            return Array.ConvertAll(texts, t => t ?? "");
        }
        return null;
    }

    /// <summary>An array of float32 or float64 in C order, and its number of columns.</summary>
    public static (double[] Values, int Columns)? Npy(byte[] bytes)
    {
        if (bytes.Length < 12 || bytes[0] != 0x93 || Encoding.ASCII.GetString(bytes, 1, 5) != "NUMPY" || bytes[6] != 1 || bytes[7] != 0)
            return null;
        var length = bytes[8] + 256 * bytes[9];
        if (10 + length > bytes.Length)
            return null;
        var header = Encoding.ASCII.GetString(bytes, 10, length);
        var match = System.Text.RegularExpressions.Regex.Match(header, @"^\{'descr': '<(f4|i4)', 'fortran_order': False, 'shape': \((\d+),(?: (\d+))?\), \} *\n$");
        if (!match.Success)
            return null;
        var columns = match.Groups[3].Success ? int.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture) : 1;
        var count = (bytes.Length - 10 - length) / 4;
        if (!long.TryParse(match.Groups[2].Value, out var rows) || rows * columns != count)
            return null;
        return ([.. Enumerable.Range(0, count).Select(i => match.Groups[1].Value == "f4" ? BitConverter.ToSingle(bytes, 10 + length + 4 * i) : (double)BitConverter.ToInt32(bytes, 10 + length + 4 * i))], columns);
    }

    /// <summary>Probabilities p_CLASS and a label that is one of these classes in so many letters.</summary>
    public static Scored? Classes(Cells? cells)
    {
        if (cells is null)
            return null;
        var columns = Enumerable.Range(0, cells.Names.Length).Where(i => cells.Names[i].StartsWith("p_", StringComparison.Ordinal)).ToArray();
        string[] classes = [.. columns.Select(i => cells.Names[i][2..])];
        var label = cells.Of("label");
        if (columns.Length < 2 || label < 0 || cells.Names.Any(n => n.Trim() != n))
            return null;
        var (scores, labels) = (new List<double[]>(), new List<int>());
        foreach (var row in cells.Rows)
        {
            var at = Array.IndexOf(classes, row[label]);
            var values = columns.Select(c => Number(row[c])).ToArray();
            if (at < 0 || values.Any(v => v is null))
                return null;
            scores.Add([.. values.Select(v => v!.Value)]);
            labels.Add(at);
        }
        return new Scored(classes, [.. scores], [.. labels]);
    }

    /// <summary>Single precision, as the scores are kept.</summary>
    public static double? Number(string text) => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && float.IsFinite(value) && text.Trim() == text ? value : null;

    /// <summary>Compares a judgement's JSON with the reading.</summary>
    public static string? Compare(JsonElement result, Scored? reading)
    {
        if (reading is null)
            return FuzzTarget.Unknown;
        if (result.GetProperty("examples").GetInt32() != reading.Labels.Length)
            return $"{result.GetProperty("examples")} examples were judged, the file holds {reading.Labels.Length}";
        return Metric(result, "accuracy", reading.Accuracy) ?? Metric(result, "brier", reading.Brier);
    }

    /// <summary>Compares one metric.</summary>
    public static string? Metric(JsonElement result, string name, double expected)
    {
        foreach (var metric in result.GetProperty("metrics").EnumerateArray())
        {
            if (metric.GetProperty("name").GetString() != name)
                continue;
            var value = metric.GetProperty("value");
            var actual = value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN;
            return Math.Abs(actual - expected) <= 1e-6 * Math.Max(1, Math.Abs(expected)) ? null : $"{name} is {actual:R}, the second reading gives {expected:R}";
        }
        return $"there is no {name}";
    }
}
