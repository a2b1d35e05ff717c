using System.Collections.Immutable;
using Assay.Data;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Blind review of flags: a sheet shows both labels in random order, so that a reviewer does not know which one the data has.</summary>
public static class JudgeSheet
{
    /// <summary>Writes a sheet with the columns id, grounding, text, a, b, verdict; reviewers write a or b into the last.</summary>
    /// <param name="path">The file.</param>
    /// <param name="rows">The rows to review.</param>
    /// <param name="items">All items.</param>
    /// <param name="seed">The seed of the order of labels.</param>
    public static void Write(string path, IReadOnlyCollection<int> rows, IReadOnlyList<GroundedItem> items, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(rows);
        TextColumn Column(string name, Func<int, string> value) => new(name, [.. rows.Select(value)]);
        string A(int row) => SeededRandom.At(seed, row).Next(2) == 0 ? "0" : "1";
        TableFile.Write(path, new Table(path,
        [
            Column("id", r => items[r].Id), Column("grounding", r => items[r].Grounding), Column("text", r => items[r].Text), Column("a", A), Column("b", r => A(r) == "0" ? "1" : "0"), Column("verdict", _ => ""),
        ]));
    }

    /// <summary>Reads filled sheets of at least two reviewers. Items on which they are even need a third and are left out.</summary>
    /// <param name="paths">The sheets, one of each reviewer; one sheet alone counts as reconciled.</param>
    /// <param name="items">All items.</param>
    /// <returns>The gold label of reviewed rows, and the ids that need another reviewer.</returns>
    /// <exception cref="InvalidDataException">A column is missing, an id unknown, or a verdict neither a nor b.</exception>
    public static (ImmutableDictionary<int, int> Gold, ImmutableArray<string> Unresolved) Read(IReadOnlyCollection<string> paths, IReadOnlyList<GroundedItem> items)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var rows = items.Select((item, i) => (item.Id, i)).ToDictionary(p => p.Id, p => p.i, StringComparer.Ordinal);
        var votes = new SortedDictionary<int, List<int>>();
        foreach (var path in paths)
        {
            var table = TableFile.Read(path, new TableReadOptions { TextColumns = ["id", "a", "b", "verdict"] });
            var (ids, a, b, verdicts) = (Texts(table, "id"), Texts(table, "a"), Texts(table, "b"), Texts(table, "verdict"));
            for (var i = 0; i < table.RowCount; i++)
            {
                if (verdicts[i].Trim().Length == 0)
                    continue;
                if (!rows.TryGetValue(ids[i], out var row))
                    throw new InvalidDataException($"{path}: row {i + 1}: id '{ids[i]}' is not among the {items.Count} items");
                var chosen = verdicts[i].Trim().ToLowerInvariant() switch
                {
                    "a" => a[i],
                    "b" => b[i],
                    var other => throw new InvalidDataException($"{path}: row {i + 1}: the verdict '{other}' is neither a nor b"),
                };
                if (chosen is not ("0" or "1"))
                    throw new InvalidDataException($"{path}: row {i + 1}: the label '{chosen}' is neither 0 nor 1");
                if (!votes.TryGetValue(row, out var list))
                    votes.Add(row, list = []);
                list.Add(chosen == "1" ? 1 : 0);
            }
        }
        return (
            votes.Where(v => 2 * v.Value.Sum() != v.Value.Count).ToImmutableDictionary(v => v.Key, v => 2 * v.Value.Sum() > v.Value.Count ? 1 : 0),
            [.. votes.Where(v => 2 * v.Value.Sum() == v.Value.Count).Select(v => items[v.Key].Id)]);
    }

    private static ImmutableArray<string> Texts(Table table, string name) => ((TextColumn)table[name]).Values;
}
