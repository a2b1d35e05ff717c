using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>What happens in a block of a lifelong-learning scenario.</summary>
public enum BlockType
{
    /// <summary>The learner learns.</summary>
    Train,
    /// <summary>The learner is evaluated and does not learn.</summary>
    Test,
}

/// <summary>One learning or evaluation experience of a log.</summary>
/// <param name="Block">The number of its block.</param>
/// <param name="Number">The experience's number; workers that report the same number are averaged.</param>
/// <param name="Type">Whether the block trains or tests.</param>
/// <param name="IsSleep">Whether the block belongs to a consolidation (sleep) phase.</param>
/// <param name="Task">The task.</param>
/// <param name="Parameters">The task's parameters as text; another text makes another regime.</param>
/// <param name="Value">The performance, more is better; NaN is dropped.</param>
public readonly record struct LifelongExperience(int Block, int Number, BlockType Type, bool IsSleep, string Task, string Parameters, double Value);

/// <summary>A regime: a maximal run of one block with one task and one set of parameters.</summary>
/// <param name="Number">Its number in the log, from 0.</param>
/// <param name="Block">The number of its block.</param>
/// <param name="Type">Whether it trains or tests.</param>
/// <param name="IsSleep">Whether it belongs to a consolidation phase.</param>
/// <param name="Task">The task.</param>
/// <param name="Parameters">The task's parameters.</param>
/// <param name="Experiences">The experience numbers, ascending.</param>
/// <param name="Values">The performance of each experience.</param>
public sealed record LifelongRegime(
    int Number, int Block, BlockType Type, bool IsSleep, string Task, string Parameters, ImmutableArray<int> Experiences, ImmutableArray<double> Values);

/// <summary>The performance log of one learner: blocks of training and evaluation over several tasks, cut into regimes.</summary>
public sealed class LifelongLog
{
    private LifelongLog(string name, ImmutableArray<LifelongRegime> regimes, ImmutableArray<string> warnings) => (Name, Regimes, Warnings) = (name, regimes, warnings);

    /// <summary>The run's name in reports.</summary>
    public string Name { get; }

    /// <summary>The regimes in order of time.</summary>
    public ImmutableArray<LifelongRegime> Regimes { get; }

    /// <summary>What was odd about the log: dropped experiences, blocks that do not alternate.</summary>
    public ImmutableArray<string> Warnings { get; }

    /// <summary>The tasks: those that are trained in order of their first training, then those that are only tested.</summary>
    public ImmutableArray<string> Tasks => [.. Regimes.OrderBy(r => r.Type).ThenBy(r => r.Number).Select(r => r.Task).Distinct()];

    /// <summary>The number of learning experiences.</summary>
    public int LearningExperiences => Regimes.Where(r => r.Type == BlockType.Train).Sum(r => r.Values.Length);

    /// <summary>The number of evaluation experiences.</summary>
    public int EvaluationExperiences => Regimes.Where(r => r.Type == BlockType.Test).Sum(r => r.Values.Length);

    /// <summary>Cuts experiences into regimes.</summary>
    /// <param name="name">The run's name.</param>
    /// <param name="experiences">The experiences in any order; they are sorted by block and number.</param>
    /// <param name="warnings">What the reader has to say about them.</param>
    /// <exception cref="ArgumentException">There is no experience with a value, or a block both trains and tests.</exception>
    public static LifelongLog Of(string name, IEnumerable<LifelongExperience> experiences, IEnumerable<string>? warnings = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(experiences);
        var all = experiences.ToArray();
        var said = (warnings ?? []).ToList();
        var kept = all.Where(e => !double.IsNaN(e.Value)).OrderBy(e => e.Block).ThenBy(e => e.Number).ToArray();
        if (kept.Length == 0)
            throw new ArgumentException($"{name}: the log holds no experience with a value", nameof(experiences));
        if (kept.Length < all.Length)
            said.Add($"{all.Length - kept.Length} experiences without a value were dropped");
        var regimes = ImmutableArray.CreateBuilder<LifelongRegime>();
        for (var start = 0; start < kept.Length;)
        {
            var first = kept[start];
            var end = start + 1;
            while (end < kept.Length && IsSameRegime(first, kept[end]))
                end++;
            if (end < kept.Length && kept[end].Block == first.Block && kept[end].Type != first.Type)
                throw new ArgumentException($"{name}: block {first.Block} both trains and tests", nameof(experiences));
            var part = kept[start..end];
            regimes.Add(new LifelongRegime(regimes.Count, first.Block, first.Type, first.IsSleep, first.Task, first.Parameters, [.. part.Select(e => e.Number)], [.. part.Select(e => e.Value)]));
            start = end;
        }
        var blocks = regimes.GroupBy(r => r.Block).Select(g => g.First()).ToArray();
        if (Enumerable.Range(1, Math.Max(0, blocks.Length - 1)).FirstOrDefault(i => blocks[i].Type == blocks[i - 1].Type && !blocks[i].IsSleep) is > 0 and var twin)
            said.Add($"blocks {blocks[twin - 1].Block} and {blocks[twin].Block} are both {blocks[twin].Type.ToString().ToLowerInvariant()} blocks: training and evaluation should alternate");
        return new LifelongLog(name, regimes.ToImmutable(), [.. said]);
    }

    /// <summary>The same log with variants of a task merged: what follows the first underscore of a name is cut off.</summary>
    public LifelongLog MergeVariants() => Of(Name, Regimes.SelectMany(r => r.Values.Select((v, i) =>
        new LifelongExperience(r.Block, r.Experiences[i], r.Type, r.IsSleep, r.Task.Split('_')[0], "", v))), Warnings);

    /// <summary>Reads a log in the layout of the released tools, <c>SCENARIO/WORKER/K-train/data-log.tsv</c>.</summary>
    /// <param name="folder">The scenario's folder.</param>
    /// <param name="measure">The column with the performance, or null for the first that <c>logger_info.json</c> names.</param>
    /// <exception cref="InvalidDataException">The folder holds no log, or a file has a defect; the message names file and row.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static LifelongLog Load(string folder, string? measure = null) => new LifelongLogReader(folder, measure).Read();

    /// <summary>Reads all logs at or below a folder: the scenario that it is, or the scenarios inside it (one for each run).</summary>
    /// <inheritdoc cref="Load"/>
    public static ImmutableArray<LifelongLog> LoadAll(string folder, string? measure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return [.. LifelongLogReader.Find(folder).Select(f => Load(f, measure))];
    }

    private static bool IsSameRegime(LifelongExperience a, LifelongExperience b) =>
        a.Block == b.Block && a.Type == b.Type && a.IsSleep == b.IsSleep && a.Task == b.Task && a.Parameters == b.Parameters;
}
