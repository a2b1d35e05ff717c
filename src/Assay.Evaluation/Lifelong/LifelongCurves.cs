using MathNet.Numerics.Statistics;

namespace Assay.Evaluation;

/// <summary>The regimes of a log and its experts after smoothing, clamping and normalising, in this order.</summary>
internal sealed class LifelongCurves
{
    private const double Scale = 100, Offset = 1;
    private readonly LifelongOptions options;

    public LifelongCurves(LifelongLog log, IReadOnlyList<LifelongLog> experts, LifelongOptions options)
    {
        this.options = options;
        Regimes = [.. log.Regimes.Select(r => r.Type == BlockType.Train || options.SmoothsEvaluations ? Smoothed(r) : r.Values.ToArray())];
        foreach (var task in log.Tasks)
            Experts[task] = [];
        foreach (var expert in experts)
        {
            var trained = expert.Regimes.Where(r => r.Type == BlockType.Train).ToArray();
            var tasks = trained.Select(r => r.Task).Distinct().ToArray();
            if (tasks.Length != 1)
                throw new ArgumentException($"the single-task expert '{expert.Name}' trains {tasks.Length} tasks ({string.Join(", ", tasks)}); one was expected", nameof(experts));
            if (Experts.TryGetValue(tasks[0], out var runs))
                runs.Add([.. trained.SelectMany(Smoothed)]);
        }
        foreach (var task in log.Tasks)
        {
            var own = Regimes.Where((_, i) => log.Regimes[i].Task == task).ToArray();
            if (options.Clamps)
                Clamp(task, [.. own, .. Experts[task]]);
        }
        Normalize(log);
    }

    /// <summary>The processed values of each regime.</summary>
    public double[][] Regimes { get; }

    /// <summary>The processed training curve of each expert of a task.</summary>
    public Dictionary<string, List<double[]>> Experts { get; } = new(StringComparer.Ordinal);

    /// <summary>The range of each task that values were scaled by.</summary>
    public SortedDictionary<string, TaskRange> Ranges { get; } = new(StringComparer.Ordinal);

    /// <summary>The tasks whose values are all equal.</summary>
    public List<string> Constant { get; } = [];

    private double[] Smoothed(LifelongRegime regime) => Smoothing.Apply(regime.Values.AsSpan(), options.Smoothing, options.SmoothingLength);

    private void Clamp(string task, double[][] curves)
    {
        var all = curves.SelectMany(c => c).ToArray();
        var (low, high) = Given(task) ?? (all.QuantileCustom(0.1, QuantileDefinition.R7), all.QuantileCustom(0.9, QuantileDefinition.R7));
        foreach (var curve in curves)
        {
            for (var i = 0; i < curve.Length; i++)
                curve[i] = Math.Clamp(curve[i], low, high);
        }
    }

    private void Normalize(LifelongLog log)
    {
        foreach (var task in log.Tasks)
        {
            var all = Regimes.Where((_, i) => log.Regimes[i].Task == task).Concat(Experts[task]).SelectMany(c => c).ToArray();
            Ranges[task] = Given(task) is { } given ? new TaskRange(given.Min, given.Max) : new TaskRange(all.Min(), all.Max());
        }
        if (options.Normalization == LifelongNormalization.None)
            return;
        var run = new TaskRange(Ranges.Values.Min(r => r.Min), Ranges.Values.Max(r => r.Max));
        foreach (var task in log.Tasks)
        {
            var (min, max) = options.Normalization == LifelongNormalization.Run ? run : Ranges[task];
            if (min == max)
                Constant.Add(task);
            foreach (var curve in Regimes.Where((_, i) => log.Regimes[i].Task == task).Concat(Experts[task]))
            {
                for (var i = 0; i < curve.Length; i++)
                    curve[i] = min == max ? Offset : (curve[i] - min) / (max - min) * Scale + Offset;
            }
        }
    }

    private (double Min, double Max)? Given(string task)
    {
        if (options.Ranges is not { } ranges)
            return null;
        var fitting = ranges.Where(r => r.Key == task || (options.MergesVariants && r.Key.Split('_')[0] == task)).Select(r => r.Value).ToArray();
        if (fitting.Length == 0)
            throw new ArgumentException($"there is no range for task '{task}'; given: {string.Join(", ", ranges.Keys.Order(StringComparer.Ordinal))}", nameof(options));
        if (fitting.Any(r => !(r.Min <= r.Max)))
            throw new ArgumentException($"the range of task '{task}' is {fitting[0].Min} … {fitting[0].Max}", nameof(options));
        return (fitting.Min(r => r.Min), fitting.Max(r => r.Max));
    }
}
