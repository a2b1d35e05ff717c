namespace Assay.Language;

/// <summary>The sizes of a LLaMA-style decoder.</summary>
public sealed record DecoderConfig
{
    /// <summary>V, the number of tokens.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>d, the width of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>L, the number of blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>The number of query heads; it divides the width into heads of even size.</summary>
    public required int Heads { get; init; }

    /// <summary>The number of key and value heads; it divides the number of query heads.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>f, the inner width of the SwiGLU network.</summary>
    public required int HiddenWidth { get; init; }

    /// <summary>The longest sequence.</summary>
    public required int Context { get; init; }

    /// <summary>The base of the rotary frequencies.</summary>
    public double RopeBase { get; init; } = 500_000;

    /// <summary>ε of RMSNorm.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Whether the output head is the embedding itself.</summary>
    public bool TieEmbeddings { get; init; }

    /// <summary>d_h, the width of one head.</summary>
    public int HeadWidth => Width / Heads;

    /// <summary>The number of parameters: L(2d² + 2·d·n_kv·d_h + 3·d·f + 2d) + V·d (twice when untied) + d.</summary>
    public long ParameterCount
    {
        get
        {
            long d = Width, kv = (long)KeyValueHeads * HeadWidth;
            return Layers * (2 * d * d + 2 * d * kv + 3 * d * HiddenWidth + 2 * d) + (TieEmbeddings ? 1 : 2) * (long)Vocabulary * d + d;
        }
    }

    /// <summary>A small model by width and depth: heads of 16, half as many key and value heads, inner width 8/3·d rounded up to 16.</summary>
    public static DecoderConfig Small(int width, int layers, int vocabulary, int context = 128) => new()
    {
        Vocabulary = vocabulary, Width = width, Layers = layers, Heads = Math.Max(1, width / 16), KeyValueHeads = Math.Max(1, width / 32),
        HiddenWidth = (width * 8 / 3 + 15) / 16 * 16, Context = context,
    };

    /// <summary>Checks that the sizes fit together.</summary>
    /// <returns>This configuration.</returns>
    /// <exception cref="ArgumentException">They do not; the message names the size.</exception>
    public DecoderConfig Validate()
    {
        foreach (var (name, value) in new[]
        {
            (nameof(Vocabulary), Vocabulary), (nameof(Width), Width), (nameof(Layers), Layers), (nameof(Heads), Heads), (nameof(KeyValueHeads), KeyValueHeads),
            (nameof(HiddenWidth), HiddenWidth), (nameof(Context), Context),
        })
        {
            if (value <= 0)
                throw new ArgumentException($"{name} is {value}; a positive number was expected");
        }
        if (Width % Heads != 0 || HeadWidth % 2 != 0)
            throw new ArgumentException($"a width of {Width} does not divide into {Heads} heads of even size");
        return Heads % KeyValueHeads == 0 ? this : throw new ArgumentException($"{KeyValueHeads} key and value heads do not divide {Heads} query heads");
    }
}
