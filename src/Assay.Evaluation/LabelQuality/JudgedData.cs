using System.Collections.Immutable;
using System.Globalization;
using Assay.Data;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Items with binary labels, in the layout of the TRUE benchmark: grounding, generated_text (or text), label, and an id where there is one.</summary>
/// <param name="Items">The items.</param>
/// <param name="Labels">Their labels, 0 or 1.</param>
public sealed record JudgedData(ImmutableArray<GroundedItem> Items, ImmutableArray<int> Labels)
{
    /// <summary>Reads items.</summary>
    /// <exception cref="InvalidDataException">A column is missing, or a label is neither 0 nor 1; the message names file and row.</exception>
    public static JudgedData Read(string path)
    {
        var table = TableFile.Read(path);
        var text = table.Find("generated_text") is null ? table["text"] : table["generated_text"];
        var (ids, groundings, texts) = (table.Find("id") is { } id ? Texts(id) : null, table.Find("grounding") is { } g ? Texts(g) : null, Texts(text));
        ImmutableArray<int> labels = [.. Numbers(table, table["label"]).Select((v, i) => v is 0 or 1 ? (int)v : throw new InvalidDataException($"{path}: row {i + 1}: the label is {v}; 0 or 1 was expected"))];
        ImmutableArray<GroundedItem> items = [.. Enumerable.Range(0, table.RowCount).Select(i => new GroundedItem(ids?[i] ?? i.ToString(CultureInfo.InvariantCulture), groundings?[i] ?? "", texts[i]))];
        if (items.Select(i => i.Id).Distinct(StringComparer.Ordinal).Count() != items.Length)
            throw new InvalidDataException($"{path}: ids are not unique");
        return new JudgedData(items, labels);
    }

    /// <summary>Reads judgements: every column of numbers but id and label is a judge, whose values are P(label 1); an empty cell is no answer. With an id column rows are matched by it, else by their order.</summary>
    /// <exception cref="InvalidDataException">There is no column of numbers, an item is missing, or a value is outside [0, 1].</exception>
    public (FloatMatrix Judgements, ImmutableArray<string> Judges) ReadJudgements(string path)
    {
        var table = TableFile.Read(path);
        var columns = table.Columns.Where(c => c is not TextColumn && c.Name is not ("id" or "label")).ToArray();
        if (columns.Length == 0)
            throw new InvalidDataException($"{path}: there is no column of numbers; one for each judge was expected");
        var rows = table.Find("id") is { } id ? Texts(id).Select((t, i) => (t, i)).DistinctBy(p => p.t).ToDictionary(p => p.t, p => p.i, StringComparer.Ordinal) : null;
        if (rows is null && table.RowCount != Items.Length)
            throw new InvalidDataException($"{path}: {table.RowCount} rows for {Items.Length} items, and no column 'id'");
        var values = columns.Select(c => Numbers(table, c)).ToArray();
        var result = new float[Items.Length * columns.Length];
        for (var i = 0; i < Items.Length; i++)
        {
            var row = rows is null ? i : rows.TryGetValue(Items[i].Id, out var at) ? at : throw new InvalidDataException($"{path}: id '{Items[i].Id}' is missing");
            for (var j = 0; j < columns.Length; j++)
            {
                if (values[j][row] is < 0 or > 1)
                    throw new InvalidDataException($"{path}: row {row + 1}: column '{columns[j].Name}' is {values[j][row]}; a probability between 0 and 1 was expected");
                result[i * columns.Length + j] = (float)values[j][row];
            }
        }
        return (new FloatMatrix(result, Items.Length, columns.Length), [.. columns.Select(c => c.Name)]);
    }

    /// <summary>Writes judgements as <see cref="ReadJudgements"/> reads them: the column id, and one for each judge; a missing answer is an empty cell.</summary>
    public static void WriteJudgements(string path, IReadOnlyList<GroundedItem> items, FloatMatrix judgements, IReadOnlyList<string> judges)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(judgements);
        ArgumentNullException.ThrowIfNull(judges);
        TableFile.Write(path, new Table(path,
        [
            new TextColumn("id", [.. items.Select(i => i.Id)]),
            .. judges.Select((judge, j) => new FloatColumn(judge, [.. Enumerable.Range(0, judgements.Rows).Select(i => judgements[i, j])])),
        ]));
    }

    private static double[] Numbers(Table table, TableColumn column) => column switch
    {
        DoubleColumn c => c.Values.ToArray(),
        FloatColumn c => Array.ConvertAll(c.Values.ToArray(), v => (double)v),
        _ => throw new InvalidDataException($"{table.Source}: column '{column.Name}' holds texts; numbers were expected"),
    };

    private static string[] Texts(TableColumn column) => column switch
    {
        TextColumn c => [.. c.Values],
        DoubleColumn c => Array.ConvertAll(c.Values.ToArray(), v => v.ToString(CultureInfo.InvariantCulture)),
        FloatColumn c => Array.ConvertAll(c.Values.ToArray(), v => v.ToString(CultureInfo.InvariantCulture)),
        _ => [],
    };
}
