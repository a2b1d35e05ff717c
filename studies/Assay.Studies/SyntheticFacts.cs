using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Studies;

/// <summary>
/// Made-up facts, asked in different wordings: 12 relations × 60 entities, the answer one of four options at random. A wording is a frame of
/// two words and one of three synonyms of the relation; a question enters a model as its bag of words.
/// </summary>
internal sealed class SyntheticFacts
{
    public const int Relations = 12, Entities = 60, Frames = 12, Synonyms = 3, Count = Relations * Entities;
    private const int FrameWords = 2, Width = Entities + Relations * Synonyms + Frames * FrameWords;

    private readonly int[] keys;

    public SyntheticFacts(long seed)
    {
        var random = SeededRandom.At(seed, 59);
        keys = [.. Enumerable.Range(0, Count).Select(_ => random.Next(4))];
    }

    /// <summary>The correct option of a fact.</summary>
    public int Key(int fact) => keys[fact];

    /// <summary>Each frame has a synonym of its own for relations; frame 0 is the benchmark's wording.</summary>
    public static (int Frame, int Synonym) Wording(int frame) => (frame, frame % Synonyms);

    /// <summary>Trains an MLP and answers questions with it.</summary>
    public int[] TrainAndAnswer(
        IReadOnlyList<(int Fact, (int Frame, int Synonym) Wording)> rows, IReadOnlyList<(int Fact, (int Frame, int Synonym) Wording)> questions, int hidden, int epochs, long seed, CancellationToken stop)
    {
        using var data = Encode(rows);
        using var trained = new Backprop(new MlpSpec([hidden]), new TrainingOptions { Epochs = epochs, BatchSize = 64, Optimizer = new AdamW(3e-3) }).Fit(data, null, new TrainingContext { Seed = seed, Cancellation = stop });
        return Answer(trained, questions);
    }

    private int[] Answer(TrainedModel model, IReadOnlyList<(int Fact, (int Frame, int Synonym) Wording)> questions)
    {
        using var scope = NewDisposeScope();
        using var data = Encode(questions);
        return [.. model.Scores(data.Inputs).argmax(1).data<long>().ToArray().Select(a => (int)a)];
    }

    private TensorDataset Encode(IReadOnlyList<(int Fact, (int Frame, int Synonym) Wording)> rows)
    {
        var x = new float[rows.Count * Width];
        for (var i = 0; i < rows.Count; i++)
        {
            var (fact, (frame, synonym)) = rows[i];
            var row = x.AsSpan(i * Width, Width);
            row[fact % Entities] = 1;
            row[Entities + fact / Entities * Synonyms + synonym] = 1;
            row.Slice(Entities + Relations * Synonyms + frame * FrameWords, FrameWords).Fill(1);
        }
        return new TensorDataset(tensor(x, [rows.Count, Width]), tensor([.. rows.Select(r => (long)keys[r.Fact])]), 4);
    }
}
