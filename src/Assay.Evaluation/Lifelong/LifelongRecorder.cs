namespace Assay.Evaluation;

/// <summary>Collects a <see cref="LifelongLog"/> in process: <c>recorder.Block(BlockType.Train, "digits").Add(accuracy)</c>.</summary>
/// <param name="name">The run's name.</param>
public sealed class LifelongRecorder(string name)
{
    private readonly List<LifelongExperience> experiences = [];
    private readonly Dictionary<BlockType, int> next = new() { [BlockType.Train] = 0, [BlockType.Test] = 0 };
    private int block = -1;
    private BlockType? last;

    /// <summary>Opens a block, or a further regime of the open one: a block that tests (or trains) directly after another such block continues it.</summary>
    /// <param name="type">Whether the learner learns.</param>
    /// <param name="task">The task.</param>
    /// <param name="isSleep">Whether it belongs to a consolidation phase.</param>
    /// <param name="startsBlock">Whether a block of the same type that is open is closed first.</param>
    public LifelongBlock Block(BlockType type, string task, bool isSleep = false, bool startsBlock = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(task);
        if (startsBlock || last != type)
            block++;
        last = type;
        return new LifelongBlock(this, block, type, task, isSleep);
    }

    /// <summary>The log of what was added so far.</summary>
    /// <exception cref="ArgumentException">Nothing was added.</exception>
    public LifelongLog ToLog() => LifelongLog.Of(name, experiences);

    internal void Add(int inBlock, BlockType type, string task, bool isSleep, double value) =>
        experiences.Add(new LifelongExperience(inBlock, next[type]++, type, isSleep, task, "", value));
}

/// <summary>An open block of a <see cref="LifelongRecorder"/>.</summary>
public sealed class LifelongBlock
{
    private readonly LifelongRecorder recorder;
    private readonly int block;
    private readonly BlockType type;
    private readonly string task;
    private readonly bool isSleep;

    internal LifelongBlock(LifelongRecorder recorder, int block, BlockType type, string task, bool isSleep) =>
        (this.recorder, this.block, this.type, this.task, this.isSleep) = (recorder, block, type, task, isSleep);

    /// <summary>Adds experiences in order of time.</summary>
    /// <param name="values">The performance of each; more is better.</param>
    public LifelongBlock Add(params ReadOnlySpan<double> values)
    {
        foreach (var value in values)
            recorder.Add(block, type, task, isSleep, value);
        return this;
    }
}

/// <summary>A learner that a <see cref="LifelongScenario"/> leads through its tasks.</summary>
public abstract class LifelongLearner
{
    /// <summary>Learns from one experience (a batch, an episode) of a task.</summary>
    /// <returns>The performance on it, before or while learning.</returns>
    public abstract double Learn(int task);

    /// <summary>The performance in each evaluation experience of a task, without learning.</summary>
    public abstract double[] Evaluate(int task);
}

/// <summary>Leads a learner through blocks of training with an evaluation of all tasks before the first and after each.</summary>
public static class LifelongScenario
{
    /// <summary>Runs a scenario: EB, then (LB of a task, EB of all tasks) for each entry of the order.</summary>
    /// <param name="name">The run's name.</param>
    /// <param name="learner">The learner.</param>
    /// <param name="tasks">The tasks' names.</param>
    /// <param name="order">The task of each learning block: 0,1,2 is condensed, 0,1,2,0,1,2 dispersed, 0,1,0,1 alternating.</param>
    /// <param name="experiences">The number of learning experiences of each block.</param>
    /// <exception cref="ArgumentException">There are no tasks, or the order names one that does not exist.</exception>
    public static LifelongLog Run(string name, LifelongLearner learner, IReadOnlyList<string> tasks, IReadOnlyList<int> order, int experiences)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(tasks);
        ArgumentNullException.ThrowIfNull(order);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(experiences);
        if (tasks.Count == 0 || order.FirstOrDefault(t => t < 0 || t >= tasks.Count, -1) is >= 0)
            throw new ArgumentException($"the order names a task outside 0 … {tasks.Count - 1}", nameof(order));
        var recorder = new LifelongRecorder(name);
        EvaluateAll();
        foreach (var task in order)
        {
            var block = recorder.Block(BlockType.Train, tasks[task]);
            for (var i = 0; i < experiences; i++)
                block.Add(learner.Learn(task));
            EvaluateAll();
        }
        return recorder.ToLog();

        void EvaluateAll()
        {
            for (var t = 0; t < tasks.Count; t++)
                recorder.Block(BlockType.Test, tasks[t]).Add(learner.Evaluate(t));
        }
    }

    /// <summary>A single-task expert: a fresh learner that is trained on one task alone.</summary>
    /// <param name="name">The run's name.</param>
    /// <param name="learner">The fresh learner.</param>
    /// <param name="task">The task's number for the learner.</param>
    /// <param name="taskName">The task's name.</param>
    /// <param name="experiences">The number of learning experiences.</param>
    public static LifelongLog RunExpert(string name, LifelongLearner learner, int task, string taskName, int experiences)
    {
        ArgumentNullException.ThrowIfNull(learner);
        var recorder = new LifelongRecorder(name);
        var block = recorder.Block(BlockType.Train, taskName);
        for (var i = 0; i < experiences; i++)
            block.Add(learner.Learn(task));
        return recorder.ToLog();
    }
}
